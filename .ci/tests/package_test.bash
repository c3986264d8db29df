#!/usr/bin/env bash
# package_test.bash CASE SOURCE BUILD COMPILER: what users get of `cmake --install BUILD` and of cpack, each in
# a folder of its own that goes when the test ends.
set -euo pipefail
case=$1 source=$2 build=$3 compiler=$4
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"

fail() {
  echo "FAILED: $*"
  exit 1
}

# quietly WORD…: runs it, and shows what it said only if it fails.
quietly() {
  "$@" > "$scratch/log" 2>&1 || { tail -n 40 "$scratch/log"; fail "$*"; }
}

# unprivileged WORD…: as nobody, where this is root.
unprivileged() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
  else
    "$@"
  fi
}

# consume FOLDER OPTION…: configures and builds the project in FOLDER.
consume() {
  local folder=$1
  shift
  quietly cmake -S "$folder" -B "$scratch/consumer" -G Ninja -DCMAKE_CXX_COMPILER="$compiler" "$@"
  quietly cmake --build "$scratch/consumer"
}

install_to() {
  quietly cmake --install "$build" --strip --prefix "$1" "${@:2}"
}

here=$source/.ci/tests/package

core_is_found_by_cmake() {
  install_to "$scratch/prefix" --component core
  install_to "$scratch/prefix" --component command
  mv "$scratch/prefix" "$scratch/moved"
  consume "$here" "-DCMAKE_PREFIX_PATH=$scratch/moved"
  (cd "$scratch/consumer" && quietly ctest --output-on-failure)
  grep -q '100% tests passed.*out of 2' "$scratch/log" || fail "not two tests"
}

core_is_found_by_pkg_config() {
  install_to "$scratch/prefix" --component core
  mv "$scratch/prefix" "$scratch/moved"
  local flags
  flags=$(PKG_CONFIG_PATH=$scratch/moved/lib/pkgconfig pkg-config --cflags --libs fiberproof)
  # shellcheck disable=SC2086
  quietly "$compiler" "$here/consumer.cpp" -o "$scratch/program" $flags
  quietly "$scratch/program"
}

core_is_a_folder_of_another_project() {
  consume "$here/subproject" "-DFIBERPROOF_TREE=$source"
  quietly "$scratch/consumer/consumer"
}

the_command_works_where_it_was_moved() {
  install_to "$scratch/prefix" --component command
  install_to "$scratch/prefix" --component targets
  mv "$scratch/prefix" "$scratch/moved here"
  mkdir -m 777 "$scratch/work"
  cd "$scratch/work"
  local command="$scratch/moved here/bin/fiberproof" share="$scratch/moved here/share/fiberproof"
  quietly unprivileged "$command" prove layout continuation_start
  quietly unprivileged "$command" replay "$share/corpus/counterexamples"
  quietly unprivileged "$command" fuzz layout program --time 1
  quietly unprivileged "$command" contract check "$share/contracts/continuation_start.contract"
  [ -f "$share/results.schema.json" ] || fail "no schema"
}

packages_of_debian_prove_themselves() {
  quietly cpack --config "$build/CPackConfig.cmake" -B "$scratch/packages"
  local package name root=$scratch/root
  for name in fiberproof fiberproof-targets fiberproof-dev; do
    package=$(find "$scratch/packages" -maxdepth 1 -name "${name}_*_amd64.deb")
    [ -f "$package" ] || fail "no package $name"
    quietly dpkg-deb -x "$package" "$root"
    echo "$name: $(stat -c %s "$package") bytes, needs $(dpkg-deb -f "$package" Depends)"
  done
  dpkg-deb -f "$scratch/packages"/fiberproof_*.deb Depends | grep -q libz3 || fail "needs no solver"
  # Stripped, it still finds its own routines.
  quietly "$root/usr/bin/fiberproof" prove continuation_start
  ! readelf -S "$root/usr/bin/fiberproof" | grep -q '\.debug_info' || fail "not stripped"
  [ "$(stat -c %s "$scratch/packages"/fiberproof_*.deb)" -lt 6000000 ] || fail "larger than 6 MB"
}

"$case"
