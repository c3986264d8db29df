#!/usr/bin/env bash
# workflows_test.bash CASE SOURCE [COMMAND OBJECT]: the files of .github, as far as they can be checked without
# the service that runs them.
set -euo pipefail
case=$1 source=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*"
  exit 1
}

# steps FILE: each script of a workflow or an action as FILE.NUMBER below $scratch.
steps() {
  python3 - "$1" "$scratch/$(basename "$1")" <<'P'
import sys, yaml
with open(sys.argv[1]) as file:
    text = yaml.safe_load(file)
jobs = text["jobs"].values() if "jobs" in text else [text["runs"]]
number = 0
for job in jobs:
    for step in job["steps"]:
        if ("run" in step) == ("uses" in step):
            sys.exit(f"{sys.argv[1]}: a step has to run a script, or to use an action: {step}")
        if "run" in step:
            number += 1
            with open(f"{sys.argv[2]}.{number}", "w") as script:
                script.write(step["run"])
P
}

# Each script is a script, and each command of this tree that it names is there.
scripts_are_of_this_tree() {
  local file script word count=0
  for file in "$source"/.github/workflows/*.yml "$source"/.github/actions/*/action.yml; do
    steps "$file" || fail "$file"
  done
  for script in "$scratch"/*.[0-9]*; do
    count=$((count + 1))
    bash -n "$script" || fail "$script"
    for word in $(grep -oE '(^|[ (])\.ci/[a-z-]+' "$script"); do
      [ -x "$source/$word" ] || fail "$script: $word is not there"
    done
  done
  [ "$count" -ge 9 ] || fail "$count scripts only"
  echo "$count scripts"
}

# The action's own script, in a repository whose code is right, and then wrong.
the_action_runs() {
  local command=$3 object=$4 status
  steps "$source/.github/actions/prove/action.yml"
  mkdir "$scratch/bin" "$scratch/repository"
  ln -s "$(realpath "$command")" "$scratch/bin/fiberproof"
  export PATH=$scratch/bin:$PATH FILE=fiberproof.toml GITHUB_STEP_SUMMARY=$scratch/summary
  cd "$scratch/repository"
  cp "$(dirname "$object")/trap_att.o" engine.o
  fiberproof init --object engine.o --symbol start=engine_start > "$scratch/log" || fail "init"
  bash -e "$scratch/action.yml.2" > "$scratch/log" 2>&1 || { cat "$scratch/log"; fail "right code"; }
  grep -q 'everything holds as expected' "$GITHUB_STEP_SUMMARY" || fail "no summary"
  cp "$object" engine.o
  status=0
  bash -e "$scratch/action.yml.2" > "$scratch/log" 2>&1 || status=$?
  [ "$status" -eq 1 ] || fail "wrong code: status $status"
  grep -q 'swapped' "$GITHUB_STEP_SUMMARY" || fail "the summary does not name the source"
  grep -q '"startLine": 6' fiberproof.sarif || fail "SARIF does not name the line"
  [ -s fiberproof.xml ] || fail "no JUnit"
}

"$case" "$@"
