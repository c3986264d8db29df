#!/usr/bin/env bash
# include_graph_test.bash CASE: what .ci/include-graph says of this tree, and of made-up ones with one
# wrong arrow each.
set -euo pipefail
script=$(cd "$(dirname "$0")/.." && pwd)/include-graph
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

fail() {
  echo "FAILED: $*"
  sed 's/^/  output: /' "$tree/output"
  exit 1
}

# source PATH [INCLUDED…]: a file of the made-up tree.
source_file() {
  local path=$tree/$1 included
  shift
  mkdir -p "$(dirname "$path")"
  for included in "$@"; do
    echo "#include $included"
  done > "$path"
}

# graph STATUS: of the made-up tree.
graph() {
  local status=0
  "$script" --root "$tree" > "$tree/output" 2>&1 || status=$?
  [ "$status" -eq "$1" ] || fail "status $status, expected $1"
}

says() { grep -qE -- "$1" "$tree/output" || fail "it does not say: $1"; }

source_file core/layout.hpp
source_file verify/smt/term.hpp
source_file verify/object/file.hpp
case $1 in
  includes_point_only_as_drawn)
    "$script" ;;
  accepts_what_the_table_allows)
    source_file verify/x86/step.cpp '"verify/x86/step.hpp"' '"verify/object/file.hpp"' '<vector>'
    source_file verify/x86/tests/deep/step_tests.cpp '"verify/x86/step.hpp"' '"verify/smt/term.hpp"'
    graph 0
    says '^verify/x86 +-> verify/object +1$' ;;
  rejects_an_arrow_that_is_not_in_the_table)
    source_file verify/x86/step.cpp '"core/layout.hpp"'
    graph 1
    says 'verify/x86/step.cpp includes core/layout.hpp: verify/x86 may not include core' ;;
  rejects_an_arrow_out_of_core)
    source_file core/stack.cpp '"verify/smt/term.hpp"'
    graph 1
    says 'core may not include verify/smt' ;;
  rejects_an_include_of_tests)
    source_file verify/x86/step.cpp '"verify/x86/tests/cases.hpp"'
    graph 1
    says 'verify/x86 may not include verify/x86/tests' ;;
  rejects_a_folder_that_has_no_line)
    source_file verify/machine/step.cpp
    graph 1
    says 'no line in the table for verify/machine' ;;
  rejects_z3_outside_smt)
    source_file verify/smt/solver.cpp '<z3++.h>'
    graph 0
    source_file verify/x86/step.cpp '<z3++.h>'
    graph 1
    says 'verify/x86/step.cpp includes z3\+\+.h, which verify/smt alone may' ;;
  rejects_a_cycle)
    source_file verify/x86/step.cpp '"verify/object/file.hpp"'
    source_file verify/object/file.cpp '"verify/x86/step.hpp"'
    graph 1
    says 'folders form a cycle'
    says '^  verify/(x86|object)$' ;;
  rejects_a_tree_without_sources)
    rm -r "$tree/core" "$tree/verify"
    graph 2 ;;
  *)
    echo "include_graph_test.bash: no case $1"
    exit 1 ;;
esac
echo "passed: $1"
