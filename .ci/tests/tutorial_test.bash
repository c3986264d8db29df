#!/usr/bin/env bash
# tutorial_test.bash TEXT COMMAND: runs a tutorial as it stands. A block of code ```asm FILE becomes that file;
# each line of ```sh runs, and ends with status 0 or with that of its comment `# status N`; the lines of
# ```text that follow are in what the last block printed, or in a file of the folder, in this order, with …
# for anything.
set -euo pipefail
text=$(realpath "$1") command=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/folder"
ln -s "$command" "$scratch/bin/fiberproof"
export PATH=$scratch/bin:$PATH
cd "$scratch/folder"

fail() {
  echo "FAILED: $*"
  exit 1
}

run_line() {
  local line=$1 expected=0 status=0
  [[ $line =~ \#\ status\ ([0-9]+)$ ]] && expected=${BASH_REMATCH[1]}
  bash -c "$line" >> "$scratch/printed" 2>&1 || status=$?
  [ "$status" -eq "$expected" ] || { cat "$scratch/printed"; fail "$line: status $status"; }
  runs=$((runs + 1))
}

# expect_line LINE: it comes after the last one that was found.
expect_line() {
  local pattern at
  pattern=$(sed 's/^ *//; s/[][\.*^$]/\\&/g; s/…/.*/g' <<< "$1")
  at=$(tail -n "+$((found + 1))" "$scratch/shown" | grep -n -m 1 -- "^ *$pattern\$" | cut -d: -f1) || true
  [ -n "$at" ] || { cat "$scratch/shown"; fail "not printed, or not in this order: $1"; }
  found=$((found + at))
  lines=$((lines + 1))
}

block="" file="" runs=0 lines=0 found=0
while IFS= read -r line; do
  case $line in
    '```asm '*) block=asm file=${line#'```asm '}; : > "$file" ;;
    '```sh') block=sh; : > "$scratch/printed" ;;
    '```text') block=text found=0
      # A block of text may quote what was printed, or a contract that was made.
      cat "$scratch/printed" ./*.contract > "$scratch/shown" 2> /dev/null ;;
    '```') block="" ;;
    *)
      case $block in
        asm) printf '%s\n' "$line" >> "$file" ;;
        sh) run_line "$line" ;;
        text) [ -z "$line" ] || expect_line "$line" ;;
      esac
      ;;
  esac
done < "$text"
[ "$runs" -ge 10 ] && [ "$lines" -ge 15 ] || fail "$runs commands and $lines lines only"
echo "$runs commands, $lines lines"
