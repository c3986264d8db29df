#!/usr/bin/env bash
# libfuzzer_test.bash COMPILER REPLAYER FUZZER…: what .clusterfuzzlite/build.sh makes for libFuzzer
# under AddressSanitizer is what a fuzzing service expects. $OUT holds these fuzzers and no other,
# each with seeds, options and perhaps a dictionary, all of which the fuzzer takes; it runs 1000
# inputs; and its machine code is that of REPLAYER, which was built without a service's flags.
. "$(dirname "$0")/build.bash"
compiler=$1 replayer=$2
shift 2

build_targets "$compiler" -fsanitize=fuzzer address \
  "-fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link"

# option_list SECTION SEPARATOR FILE: `name = value` lines of a section, as name=value.
option_list() {
  awk -v section="[$1]" -v separator="$2" '
    /^\[/ { inside = $0 == section; next }
    /^#/ || !/=/ || !inside { next }
    { gsub(/[ \t]/, ""); printf "%s%s", separator, $0 }' "$3"
}

# machine_code PROGRAM: the bytes of its routines in number, and its kinds of switch sites. Not the
# routines' bytes: they hold distances to what they call.
machine_code() {
  local text
  text=$("$1" -machine_code=1)
  sed -E 's/.*"routines":"([0-9a-f]*)".*/\1/' <<< "$text" | wc -c
  sed -E 's/.*"switch_sites":\[(.*)\].*/\1/' <<< "$text" | tr ',' '\n' | sort -u
}

built=$(cd "$OUT" && find . -maxdepth 1 -type f -executable -printf '%f\n' | sort)
expected=$(printf '%s\n' "$@" | sort)
[ "$built" = "$expected" ] || fail "built: $built; expected: $expected"

for fuzzer in $built; do
  [[ $fuzzer =~ ^[A-Za-z0-9_-]+$ ]] || fail "$fuzzer: not a name for a fuzz target"
  seeds=$scratch/$fuzzer.seeds found=$scratch/$fuzzer.found log=$scratch/$fuzzer.log
  extract_seeds "$fuzzer" "$seeds"
  mkdir "$found"

  options=$OUT/$fuzzer.options
  [ -s "$options" ] || fail "$fuzzer has no options"
  read -r -a flags <<< "$(option_list libfuzzer ' -' "$options")"
  if [ -e "$OUT/$fuzzer.dict" ]; then
    flags+=("-dict=$OUT/$fuzzer.dict")
  fi
  # The runtime says which of its options it does not know only when it is told to be verbose.
  asan_options=verbosity=1$(option_list asan : "$options")
  (cd "$found" && ASAN_OPTIONS=$asan_options "$OUT/$fuzzer" -runs=1000 -seed=1337 "${flags[@]}" \
    "$found" "$seeds") > "$log" 2>&1 || { tail -n 40 "$log"; fail "$fuzzer does not run"; }
  grep -q '^Done 1[0-9][0-9][0-9] runs\|^Done 1000 runs' "$log" || fail "$fuzzer: not 1000 runs"
  ! grep -i 'unrecognized\|WARNING' "$log" || fail "$fuzzer does not take its options"
  if [ -e "$OUT/$fuzzer.dict" ]; then
    grep -q '^Dictionary: [1-9]' "$log" || fail "$fuzzer does not take its dictionary"
  fi

  # Below 100 edges OSS-Fuzz takes a target for one that does nothing.
  edges=$(sed -n 's/^#.*DONE.* cov: \([0-9]*\) .*/\1/p' "$log")
  [ "${edges:-0}" -ge 100 ] || fail "$fuzzer covers ${edges:-no} edges only"
  echo "$fuzzer: 1000 executions, $edges edges, $(find "$seeds" -type f | wc -l) seeds"
done

[ "$(machine_code "$OUT/${built%%$'\n'*}")" = "$(machine_code "$replayer")" ] ||
  fail "the machine code is not that of $replayer"
