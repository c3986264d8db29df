#!/usr/bin/env bash
# report.bash SOURCE PROGRAMS OUT TARGET=SEEDS…: replays the committed corpus with the programs of a
# coverage build, each target's seeds and reproducers in the target's own replayer, and all of it in
# corpus_replay. Prints a line for each file of core/, with the ranges of lines that nothing
# executed; their total, with and without the lines that unreachable.txt names, and those with the
# reasons. Leaves the annotated sources in OUT/html. Exit status 1 where the total is less than it
# should be.
#
# %c keeps the counters in a file that is mapped: so those of a child process count, too, and of one
# that ends by _exit or a crash.
set -euo pipefail
percent_min=95
source=$1 programs=$2 out=$3
shift 3

rm -rf "$out"
mkdir -p "$out/raw"
export LLVM_PROFILE_FILE="$out/raw/%p%c.profraw"
objects=(-object "$programs/corpus_replay")
for target_and_seeds in "$@"; do
  target=${target_and_seeds%=*} seeds=${target_and_seeds#*=}
  folders=()
  for folder in "$source/corpus/seeds/$seeds" "$source/corpus/reproducers/$seeds"; do
    [ -d "$folder" ] && folders+=("$folder")
  done
  [ "${#folders[@]}" -gt 0 ] || { echo "coverage: $target has no seeds"; exit 1; }
  "$programs/${target}_replay" "${folders[@]}"
  objects+=(-object "$programs/${target}_replay")
done
"$programs/corpus_replay" "$source/corpus" > "$out/replay.txt" ||
  { cat "$out/replay.txt"; exit 1; }
unset LLVM_PROFILE_FILE

# Each program has a main() of its own, which llvm-cov warns of as mismatched data.
"$LLVM_PROFDATA" merge -o "$out/merged.profdata" "$out"/raw/*.profraw
"$LLVM_COV" show -format=html -output-dir="$out/html" -instr-profile="$out/merged.profdata" \
  "${objects[@]}" -sources "$source/core"
"$LLVM_COV" export -format=lcov -instr-profile="$out/merged.profdata" "${objects[@]}" \
  -sources "$source/core" > "$out/core.lcov"

status=0
awk -v root="$source/" -v percent_min="$percent_min" -f "$source/fuzz/coverage/table.awk" \
  "$source/fuzz/coverage/unreachable.txt" "$out/core.lcov" || status=1

echo
echo "annotated sources: $out/html/index.html"
exit "$status"
