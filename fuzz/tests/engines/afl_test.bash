#!/usr/bin/env bash
# afl_test.bash COMPILER FUZZER: AFL++ runs the target for some seconds, in persistent mode, and
# reports inputs that it ran and kept, and no crash.
#
# The compiler is our own, since Debian's AFL++ is built on clang 14, which does not compile C++23.
# It needs no plugin of AFL++'s: afl-compiler-rt.o takes the calls of -fsanitize-coverage, and
# libAFLDriver.a is a main() for what implements libFuzzer's interface.
. "$(dirname "$0")/build.bash"
compiler=$1 fuzzer=$2
runtime=${AFL_PATH:-/usr/lib/afl}
seconds=15
executions_min=5000

command -v afl-fuzz > /dev/null || fail "afl-fuzz is not installed"
build_targets "$compiler" "$runtime/libAFLDriver.a $runtime/afl-compiler-rt.o" none \
  -fsanitize-coverage=trace-pc-guard
extract_seeds "$fuzzer" "$scratch/seeds"

# A CI machine has its own ways with core dumps, frequencies and terminals.
export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1
dictionary=()
if [ -e "$OUT/$fuzzer.dict" ]; then
  dictionary=(-x "$OUT/$fuzzer.dict")
fi
timeout $((seconds + 60)) afl-fuzz -i "$scratch/seeds" -o "$scratch/found" "${dictionary[@]}" \
  -m none -t 10000 -V "$seconds" -- "$OUT/$fuzzer" > "$scratch/afl.log" 2>&1 ||
  { tail -n 40 "$scratch/afl.log"; fail "afl-fuzz"; }

# statistic NAME: a whole number of AFL++'s own account.
statistic() {
  sed -n "s/^$1 *: *\([0-9]*\).*/\1/p" "$scratch/found/default/fuzzer_stats"
}

executions=$(statistic execs_done) edges=$(statistic edges_found)
kept=$(statistic corpus_count) crashes=$(statistic saved_crashes)
seeds=$(find "$scratch/seeds" -type f | wc -l)
echo "$fuzzer: ${executions:-no} executions, ${edges:-no} edges, ${kept:-no} inputs kept of" \
  "$seeds seeds, ${crashes:-no} crashes"
[ "${executions:-0}" -ge "$executions_min" ] || fail "fewer than $executions_min executions"
[ "${edges:-0}" -ge 100 ] || fail "fewer than 100 edges"
[ "${kept:-0}" -gt "$seeds" ] || fail "nothing new was kept: no coverage guides it"
[ "${crashes:-1}" -eq 0 ] || fail "it crashed: $(head -c 400 "$scratch"/found/default/crashes/id*)"
