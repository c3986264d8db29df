#!/usr/bin/env bash
# schemas_test.bash COMMAND OBJECT: what COMMAND writes with --json keeps results.schema.json, whatever
# the subcommand, and the SARIF of it keeps sarif.schema.json: on good and on bad input, also of code
# in OBJECT that is refuted.
set -euo pipefail
command=$(realpath "$1") object=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# keeps SCHEMA FILE: whether it does.
keeps() {
  python3 -W ignore -m jsonschema -i "$2" "$1" > "$scratch/said" 2>&1
}

# expect_valid STATUS WORD…: a run that ends with STATUS writes results that keep the schema, and
# reports can be made of them.
expect_valid() {
  local expected=$1 status=0
  shift
  "$command" "$@" --json "$scratch/results.json" > "$scratch/out" 2>&1 || status=$?
  [ "$status" -eq "$expected" ] || { cat "$scratch/out"; fail "$*: status $status"; }
  keeps "$here/../results.schema.json" "$scratch/results.json" || {
    tail -n 20 "$scratch/said"
    fail "$*: the results do not keep their schema"
  }
  "$command" report "$scratch/results.json" --sarif "$scratch/results.sarif" \
    --junit "$scratch/results.xml" --markdown "$scratch/results.md" --html "$scratch/results.html" || fail "$*: no report"
  keeps "$here/sarif.schema.json" "$scratch/results.sarif" || {
    tail -n 20 "$scratch/said"
    fail "$*: not SARIF 2.1.0"
  }
  python3 -c 'import sys, xml.etree.ElementTree as tree; tree.parse(sys.argv[1])' \
    "$scratch/results.xml" || fail "$*: not XML"
}

corpus=$here/../../../corpus
expect_valid 0 prove layout continuation_start_v44
expect_valid 1 prove --object "$object" --symbol start=engine_start
expect_valid 2 prove --object "$scratch/missing" --symbol start=engine_start
expect_valid 0 replay "$corpus/counterexamples"
expect_valid 2 replay "$scratch/missing"
expect_valid 0 explain "$corpus/counterexamples/v44-trap-reported-as-return.program"
(cd "$scratch" && "$command" init --object "$object" --symbol start=engine_start > /dev/null 2>&1) ||
  fail "init"
expect_valid 1 check "$scratch/fiberproof.toml"
expect_valid 2 check "$scratch/missing.toml"
expect_valid 0 list proofs
expect_valid 0 list defects
expect_valid 0 list targets
expect_valid 0 contract new
expect_valid 2 prvoe
expect_valid 2 hunt no_such_defect
expect_valid 2 report "$scratch/missing"

# The schemas refuse what is wrong.
echo '{"results_version": 1}' > "$scratch/wrong.json"
! keeps "$here/../results.schema.json" "$scratch/wrong.json" || fail "the schema takes anything"
! keeps "$here/sarif.schema.json" "$scratch/wrong.json" || fail "the schema of SARIF takes anything"
echo "all keep their schemas"
