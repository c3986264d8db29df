#!/usr/bin/env bash
# example_test.bash CASE EXAMPLE: compares the program EXAMPLE and its source with README.md.
set -euo pipefail
here="$(dirname "$0")"
readme="$here/../../README.md"

# quoted LANGUAGE: the first block of that language in the section about the library.
quoted() {
  awk -v fence="\`\`\`$1" '
    /^## / { inside = $0 == "## Using core as a library" }
    inside && $0 == fence { block = 1; next }
    block && $0 == "```" { exit }
    block { print }' "$readme"
}

case "$1" in
  prints_what_the_readme_says) diff <(quoted text) <("$2" | sed 's/ *$//') ;;
  is_quoted_in_the_readme) diff <(quoted cpp) "$here/example.cpp" ;;
  *) echo "example_test.bash: unknown case $1"; exit 2 ;;
esac
