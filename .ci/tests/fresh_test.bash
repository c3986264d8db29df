#!/usr/bin/env bash
# fresh_test.bash CASE: what .ci/fresh does before there is a system: with a debootstrap, an id and an
# apt of our own, in a temporary folder.
set -euo pipefail
script=$(cd "$(dirname "$0")/.." && pwd)/fresh
machine=$(mktemp -d)
trap 'rm -rf "$machine"' EXIT
mkdir "$machine/bin" "$machine/out"
unset FIBERPROOF_MIRROR

fail() {
  echo "FAILED: $*"
  sed 's/^/  output: /' "$machine/output"
  exit 1
}

# put NAME: a command of the machine, from standard input.
put() {
  { echo "#!$(command -v bash)"; cat; } > "$machine/bin/$1"
  chmod +x "$machine/bin/$1"
}

put id << 'END'
echo "${FAKE_ID:-0}"
END
put debootstrap << 'END'
echo "$*" > "$MACHINE/called"
echo "E: no such release"
exit 1
END
put unshare << 'END'
while [[ $1 == --* ]]; do
  shift
done
exec "$@"
END
put apt-get << 'END'
[ ! -e "$MACHINE/mirrors" ] || cat "$MACHINE/mirrors"
END
put apt-config << 'END'
echo 'Acquire::http::Proxy "http://proxy.invalid:3128";'
END

# fresh STATUS ARGUMENT…
fresh() {
  local expected=$1 status=0
  shift
  MACHINE=$machine PATH=$machine/bin:$PATH "$script" "$@" < /dev/null > "$machine/output" 2>&1 ||
    status=$?
  [ "$status" -eq "$expected" ] || fail "status $status, expected $expected"
}

says() { grep -qE -- "$1" "$machine/output" || fail "it does not say: $1"; }

case $1 in
  wrong_words_are_one_line)
    for words in "" "Trixie" "trixie bookworm" "trixie --kepe" "--directory"; do
      # shellcheck disable=SC2086
      fresh 2 $words
      [ "$(wc -l < "$machine/output")" -eq 1 ] || fail "not one line"
      says 'usage: .ci/fresh SUITE'
    done ;;
  needs_root)
    FAKE_ID=1000 fresh 2 trixie --directory "$machine/out"
    says '^fresh: needs root' ;;
  a_folder_of_others_is_left_alone)
    mkdir "$machine/out/trixie"
    echo mine > "$machine/out/trixie/file"
    fresh 2 trixie --directory "$machine/out"
    says 'was not made here'
    [ "$(cat "$machine/out/trixie/file")" = mine ] || fail "the file has changed" ;;
  nothing_to_reuse_is_said)
    fresh 2 trixie --directory "$machine/out" --reuse
    says 'nothing to reuse' ;;
  a_mirror_is_taken_from_apt)
    printf '%s\n' 'Other http://other.invalid/' 'Debian http://mirror.invalid/debian/' \
      > "$machine/mirrors"
    fresh 2 trixie --directory "$machine/out"
    grep -q ' trixie .*/out/trixie http://mirror.invalid/debian/$' "$machine/called" ||
      fail "called: $(cat "$machine/called")"
    says '^E: no such release$'
    says '^fresh: debootstrap cannot make trixie'
    [ ! -e "$machine/out/trixie" ] || fail "the folder is left" ;;
  a_mirror_can_be_named)
    FIBERPROOF_MIRROR=http://near.invalid fresh 2 sid --directory "$machine/out"
    grep -q ' sid .* http://near.invalid$' "$machine/called" || fail "$(cat "$machine/called")" ;;
  no_mirror_is_one_line)
    FIBERPROOF_MIRROR="" fresh 2 trixie --directory "$machine/out"
    says '^fresh: no mirror is known: set FIBERPROOF_MIRROR' ;;
  *)
    echo "fresh_test.bash: no case $1"
    exit 1 ;;
esac
echo "passed: $1"
