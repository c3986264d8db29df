#!/usr/bin/env bash
# install_deps_test.bash CASE: .ci/install-deps on a machine that is made up of an apt-get, a
# dpkg-query, a sudo and an id of our own, and of no other command that it does not need. What
# apt-get would do for a package stands in plans/PACKAGE, in apt-get's own words; every call that
# changes something is noted in `calls`.
set -euo pipefail
script=$(cd "$(dirname "$0")/.." && pwd)/install-deps
machine=$(mktemp -d)
trap 'rm -rf "$machine"' EXIT
mkdir "$machine/bin" "$machine/plans"
touch "$machine/calls" "$machine/installed" "$machine/holds"
for tool in bash cat env grep head paste sort; do
  ln -s "$(command -v "$tool")" "$machine/bin/$tool"
done
export MACHINE=$machine

fail() {
  echo "FAILED: $*"
  sed 's/^/  output: /' "$machine/output"
  sed 's/^/  called: /' "$machine/calls"
  exit 1
}

# put NAME: a command of the machine, from standard input.
put() {
  { echo "#!$(command -v bash)"; cat; } > "$machine/bin/$1"
  chmod +x "$machine/bin/$1"
}

put apt-get << 'END'
case " $* " in
  *" update "*) echo "update" >> "$MACHINE/calls"; [ ! -e "$MACHINE/no-network" ]; exit ;;
  *" -s "*) ;;
  *) echo "$DEBIAN_FRONTEND $NEEDRESTART_SUSPEND $*" >> "$MACHINE/calls" ;;
esac
[ ! -e "$MACHINE/plans/$*" ] || cat "$MACHINE/plans/$*"
for word in "$@"; do
  case $word in
    -* | install | Dpkg::* | DPkg::*) ;;
    *)
      if [ -e "$MACHINE/unknown" ] && grep -qx "$word" "$MACHINE/unknown"; then
        echo "E: Unable to locate package $word"
        exit 100
      fi
      [ -e "$MACHINE/plans/$word" ] && cat "$MACHINE/plans/$word"
      echo "Inst $word (1.0 Debian [amd64])" ;;
  esac
done
END
put dpkg-query << 'END'
grep -qx "${*: -1}" "$MACHINE/installed" && echo installed
END
put dpkg << 'END'
[ "$1 $3" = "--compare-versions lt" ] && [ "$2" != "$4" ] &&
  [ "$(printf '%s\n' "$2" "$4" | sort -V | head -n 1)" = "$2" ]
END
put apt-mark << 'END'
cat "$MACHINE/holds"
END
put id << 'END'
echo "${FAKE_ID:-0}"
END

# everything_but PACKAGE…: all other packages of the script are installed.
everything_but() {
  local word
  sed -n '/^needed=(/,/^)/p; /^declare -A optional=(/,/^)/p' "$script" |
    sed 's/#.*//; s/\[\(.*\)\]=.*/\1/; /^needed\|^declare\|^)/d' | tr -s ' ' '\n' |
    sed '/^$/d' > "$machine/installed"
  [ "$(wc -l < "$machine/installed")" -gt 20 ] || fail "the list of packages was not understood"
  for word in "$@"; do
    sed -i "/^$word\$/d" "$machine/installed"
  done
}

# install STATUS [ARGUMENT…]: runs the script, which must end with that status.
install() {
  local expected=$1 status=0
  shift
  PATH=$machine/bin "$machine/bin/bash" "$script" "$@" < /dev/null > "$machine/output" 2>&1 ||
    status=$?
  [ "$status" -eq "$expected" ] || fail "status $status, expected $expected"
}

# install_answering STATUS ANSWER: the same on a terminal.
install_answering() {
  local status=0
  script -qec "env PATH=$machine/bin $machine/bin/bash $script" /dev/null <<< "$2" \
    > "$machine/output" 2>&1 || status=$?
  [ "$status" -eq "$1" ] || fail "status $status, expected $1"
}

says() { grep -qE -- "$1" "$machine/output" || fail "it does not say: $1"; }
installs() { grep -qE -- " install .* $1( |\$)" "$machine/calls" || fail "$1 is not installed"; }
installs_nothing() { ! grep -q ' install ' "$machine/calls" || fail "something was installed"; }
lines() { [ "$(wc -l < "$machine/output")" -eq "$1" ] || fail "not $1 lines"; }

# What apt-get says of libunwind-dev where the libunwind of LLVM is installed.
libunwind_takes_llvms() {
  printf 'Remv %s [1:19]\n' libc++-19-dev libunwind-19-dev > "$machine/plans/libunwind-dev"
}

case $1 in
  nothing_is_missing)
    everything_but
    install 0
    says '^install-deps: everything is installed$'
    [ ! -s "$machine/calls" ] || fail "apt-get was called" ;;
  installs_what_is_missing)
    everything_but cvc5 libunwind-dev
    install 0
    installs cvc5
    installs libunwind-dev
    grep -q '^noninteractive 1 install .*--no-remove .*--force-confold' "$machine/calls" ||
      fail "it may ask, or remove" ;;
  an_optional_package_that_removes_is_left_out)
    everything_but libunwind-dev cvc5
    libunwind_takes_llvms
    install 0
    says '^install-deps: libunwind-dev is left out, and with it the tests .*remove libc\+\+-19-dev libunwind-19-dev; --allow-removals'
    installs cvc5
    ! grep -q libunwind-dev "$machine/calls" || fail "libunwind-dev was installed" ;;
  needs_no_root_where_only_that_is_missing)
    everything_but libunwind-dev
    libunwind_takes_llvms
    FAKE_ID=1000 install 0
    says 'libunwind-dev is left out'
    [ ! -s "$machine/calls" ] || fail "apt-get was called" ;;
  a_needed_package_that_removes_stops)
    everything_but libclang-rt-19-dev cvc5
    echo 'Remv my-llvm [3]' > "$machine/plans/libclang-rt-19-dev"
    install 2
    says '^install-deps: to install libclang-rt-19-dev, apt-get would remove my-llvm$'
    says 'nothing was changed'
    installs_nothing ;;
  packages_that_remove_together_stop)
    everything_but gdb cvc5
    echo 'Remv debugger [3]' > "$machine/plans/install -s -y --no-install-recommends cvc5 gdb"
    install 2
    says '^install-deps: to install cvc5 gdb together, apt-get would remove debugger$'
    installs_nothing ;;
  removals_can_be_allowed)
    everything_but libunwind-dev
    libunwind_takes_llvms
    install 0 --allow-removals
    installs libunwind-dev
    : > "$machine/calls"
    FIBERPROOF_ALLOW_REMOVALS=1 install 0
    installs libunwind-dev ;;
  a_terminal_is_asked)
    everything_but cvc5
    echo 'Remv old-cvc [3]' > "$machine/plans/cvc5"
    install_answering 2 n
    says 'remove old-cvc\? \[y/N\]'
    installs_nothing
    install_answering 2 ''
    installs_nothing
    install_answering 0 y
    installs cvc5 ;;
  a_yes_is_for_what_was_named)
    everything_but libunwind-dev cvc5
    libunwind_takes_llvms
    echo 'Remv old-cvc [3]' > "$machine/plans/cvc5"
    install_answering 2 "$(printf 'y\nn')"
    says 'remove old-cvc\? \[y/N\]'
    installs_nothing ;;
  a_hold_is_kept)
    everything_but cvc5
    echo libz3-4 > "$machine/holds"
    echo 'Inst libz3-4 [4.8] (4.13 Debian [amd64])' > "$machine/plans/cvc5"
    install 2 --allow-removals
    says '^install-deps: to install cvc5, apt-get would change libz3-4, which you hold$'
    installs_nothing ;;
  nothing_is_downgraded)
    everything_but cvc5 valgrind
    echo 'Inst libc6 [2.41] (2.36 Debian [amd64])' | tee "$machine/plans/cvc5" \
      > "$machine/plans/valgrind"
    install 2 --allow-removals
    says '^install-deps: valgrind is left out, .* downgrade libc6$'
    says '^install-deps: to install cvc5, apt-get would downgrade libc6$'
    installs_nothing ;;
  an_upgrade_is_no_downgrade)
    everything_but cvc5
    echo 'Inst libc6 [2.9] (2.36 Debian [amd64])' > "$machine/plans/cvc5"
    install 0
    installs cvc5 ;;
  an_optional_package_that_is_not_there_is_left_out)
    everything_but valgrind cvc5
    echo valgrind > "$machine/unknown"
    install 0
    says '^install-deps: valgrind is left out, .*: E: Unable to locate package valgrind$'
    installs cvc5 ;;
  a_needed_package_that_is_not_there_stops)
    everything_but clang-19
    echo clang-19 > "$machine/unknown"
    install 2
    says '^E: Unable to locate package clang-19$'
    says '^install-deps: apt-get cannot install clang-19'
    installs_nothing ;;
  an_update_that_fails_is_said)
    everything_but cvc5
    touch "$machine/no-network"
    install 0
    says '^install-deps: apt-get update failed'
    installs cvc5 ;;
  no_root_and_no_sudo_is_one_line)
    everything_but cvc5 gdb
    FAKE_ID=1000 install 2
    lines 1
    says '^install-deps: not root, and no sudo here: as root run: apt-get install .* gdb'
    [ ! -s "$machine/calls" ] || fail "apt-get was called" ;;
  sudo_that_wants_a_password_is_one_line)
    everything_but cvc5
    put sudo <<< 'echo "sudo: a password is required" >&2; exit 1'
    FAKE_ID=1000 install 2
    lines 1
    says '^install-deps: not root, and sudo wants a password: as root run: .* cvc5$' ;;
  sudo_keeps_apt_from_asking)
    everything_but cvc5
    put sudo << 'END'
# Without the environment of the caller, as sudo does it.
[ "$1" = -n ] || exec env -i MACHINE="$MACHINE" PATH="$PATH" "$@"
END
    FAKE_ID=1000 install 0
    grep -q '^noninteractive 1 install .* cvc5$' "$machine/calls" || fail "it may ask" ;;
  no_apt_get_is_one_line)
    rm "$machine/bin/apt-get"
    install 2
    lines 1
    says '^install-deps: no apt-get here: install what Debian calls clang-19 .* FIBERPROOF_DEPS=installed$'
    FIBERPROOF_DEPS=installed install 0
    lines 1 ;;
  an_unknown_option_is_one_line)
    everything_but
    install 2 --alow-removals
    lines 1
    says '^install-deps: --alow-removals: the only option is --allow-removals$' ;;
  *)
    echo "install_deps_test.bash: no case $1"
    exit 1 ;;
esac
echo "passed: $1"
