#!/usr/bin/env bash
# canary_test.bash FUZZER REPLAYER RULE RUNS: the fuzzer, from nothing, finds a violation of RULE
# within RUNS executions and leaves an input that violates it again in the replayer. Whatever else
# ends either of them, an end without a finding among it, fails.
set -euo pipefail
fuzzer=$1 replayer=$2 rule=$3 runs=$4

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# violates LOG COMMAND…: the command crashes, and its report names the rule.
violates() {
  local log=$1 status=0
  shift
  "$@" > "$log" 2>&1 || status=$?
  if [ "$status" -eq 0 ] || ! grep -q "^fiberproof: $rule violated: " "$log"; then
    tail -n 40 "$log"
    echo "canary: status $status, no violation of $rule: $*"
    exit 1
  fi
}

violates "$scratch/found" "$fuzzer" -runs="$runs" -seed=1 -print_final_stats=1 \
  -artifact_prefix="$scratch/"
inputs=("$scratch"/crash-*)
[ -f "${inputs[0]}" ] && [ ${#inputs[@]} -eq 1 ] || { echo "canary: no input was left"; exit 1; }
violates "$scratch/replayed" "$replayer" "${inputs[0]}"

grep "^stat::number_of_executed_units:" "$scratch/found"
grep "^fiberproof: $rule violated: " "$scratch/replayed"
