#!/usr/bin/env bash
# report.bash SOURCE PROGRAMS OUT TARGET=SEEDS…: replays the committed corpus with the programs of a
# coverage build, each target's seeds and reproducers in the target's own replayer, and all of it in
# corpus_replay. Prints a line for each file of core/, with the ranges of lines that nothing
# executed, their total, and what machine_code_coverage says of the code that has no source coverage.
# Leaves the annotated sources in OUT/html.
#
# %c keeps the counters in a file that is mapped: so those of a child process count, too, and of one
# that ends by _exit or a crash.
set -euo pipefail
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

# SF:file, then DA:line,count for each of its lines that has code.
awk -v root="$source/" '
  function end_range() {
    if (first == "") return
    ranges = ranges (ranges == "" ? "" : ", ") (first == last ? first : first "-" last)
    first = ""
  }
  function row(name, lines, covered) {
    return sprintf("%-36s %6d %8d %6.1f %%", name, lines, covered,
                   lines ? 100 * covered / lines : 100)
  }
  BEGIN { printf "%-36s %6s %8s %8s  %s\n", "file", "lines", "covered", "", "never executed" }
  /^SF:/ { name = substr($0, 4); sub(root, "", name); lines = covered = 0; ranges = first = "" }
  /^DA:/ {
    split(substr($0, 4), line, ",")
    ++lines
    if (line[2] > 0) { ++covered; end_range() }
    else { if (first == "") first = line[1]; last = line[1] }
  }
  /^end_of_record/ {
    end_range()
    print row(name, lines, covered) "  " ranges | "sort"
    all_lines += lines
    all_covered += covered
  }
  END {
    close("sort")
    if (!all_lines) { print "coverage: nothing was measured"; exit 1 }
    print row("core/", all_lines, all_covered)
  }' "$out/core.lcov"
for file in "$source"/core/*.cpp; do
  grep -qxF "SF:$file" "$out/core.lcov" ||
    echo "core/${file##*/}: not counted, since no replayer links it, or it is the machine code below"
done

echo
if [ -x "$programs/machine_code_coverage" ]; then
  "$programs/machine_code_coverage" "$source/corpus"
else
  echo "the machine code was not measured: Zydis was not found"
fi
echo "annotated sources: $out/html/index.html"
