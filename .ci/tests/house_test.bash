#!/usr/bin/env bash
# house_test.bash CASE: what .ci/house says of this tree, and of a made-up one with one violation each.
set -euo pipefail
script=$(cd "$(dirname "$0")/.." && pwd)/house
tree=$(mktemp -d)
output=$tree.output
trap 'rm -rf "$tree" "$output"' EXIT

fail() {
  echo "FAILED: $*"
  sed 's/^/  output: /' "$output"
  exit 1
}

# put PATH: a file of the made-up tree, from standard input.
put() {
  mkdir -p "$(dirname "$tree/$1")"
  cat > "$tree/$1"
}

# house STATUS RULE: of the made-up tree.
house() {
  local status=0
  "$script" --root "$tree" "$2" > "$output" 2>&1 || status=$?
  [ "$status" -eq "$1" ] || fail "status $status, expected $1"
}

says() { grep -qE -- "$1" "$output" || fail "it does not say: $1"; }

# breaks RULE PATH: the tree keeps the rule; with standard input as PATH it does not.
breaks() {
  house 0 "$1"
  put "$2"
  house 1 "$1"
  says "^$2:[0-9]+: $1: "
}

put verify/SPEC.md <<< '- **L1** It fits.'
put verify/SOUNDNESS.md <<< '| N1 | a gap |'
put core/layout.hpp << 'END'
// The layout, as rule L1 has it (N1 in SOUNDNESS.md).
#pragma once
END
put core/switch.hpp << 'END'
// The switch, beside core/layout.hpp.
#pragma once
#define SWITCH "mov rax, [rsi + %c[rsp]]\n\tlea r8, [rip + 772f]\n"
END
case $1 in
  every_text_keeps_the_rules)
    "$script" length displacement beginning word citation path absolute_path top_level opening test_name \
      nodiscard ;;
  every_source_is_formatted)
    "$script" format ;;
  rejects_a_source_that_is_not_formatted)
    put .clang-format <<< 'BasedOnStyle: Google'
    breaks format core/stack.cpp <<< 'int  main( ){return 0 ;}' ;;
  rejects_a_long_source)
    breaks length core/stack.cpp < <(yes '// A line.' | head -n 401) ;;
  rejects_a_number_as_a_displacement)
    breaks displacement core/stack.hpp <<< '#define LOAD "mov rax, [rsi + 8]\n"'
    put core/stack.hpp <<< '#define LOAD "mov 8(%rsi), %rax\n"'
    house 1 displacement ;;
  rejects_a_comment_without_a_subject)
    breaks beginning core/stack.hpp <<< '/// Of the size of which there are most.'
    put core/stack.hpp <<< 'int a;  ///< What is left.'
    house 1 beginning
    put core/stack.hpp <<< '/// Official. The rest of what is left.'
    house 0 beginning ;;
  rejects_a_banned_word)
    breaks word core/README.md <<< 'A stack belongs to whoever maps it.' ;;
  rejects_a_rule_that_is_not_in_spec)
    breaks citation core/stack.cpp <<< 'FIBER_CHECK(L9, a == b);'
    for text in 'as spec L9 says' 'as spec 2 says' 'rules L1 and L9' 'it fits (L9)' 'SOUNDNESS.md, N2'; do
      put core/stack.cpp <<< "// $text"
      house 1 citation
    done ;;
  rejects_a_file_that_is_not_there)
    breaks path core/stack.cpp <<< '// As in core/record.hpp.'
    rm "$tree/core/stack.cpp"
    breaks path core/README.md <<< 'The [contracts](contracts/README.md).' ;;
  rejects_a_path_of_one_machine)
    breaks absolute_path core/README.md <<< "Run $(printf '/%s' home me fiberproof)." ;;
  rejects_another_file_at_the_top)
    breaks top_level notes <<< 'Notes.' ;;
  rejects_a_source_without_an_opening)
    breaks opening core/stack.cpp <<< 'int a;'
    rm "$tree/core/stack.cpp"
    breaks opening core/stack.hpp <<< '// A stack.' ;;
  rejects_tests_in_a_file_of_another_name)
    breaks test_name core/tests/stack.cpp <<< 'TEST(stack, grows) {}' ;;
  rejects_an_expected_that_can_be_dropped)
    breaks nodiscard core/stack.hpp <<< 'std::expected<Stack, Error> map(std::size_t bytes);'
    put core/stack.hpp <<< '[[nodiscard]] std::expected<Stack, Error> map(std::size_t bytes);'
    house 0 nodiscard ;;
  mend_formats_and_says_nodiscard)
    put .clang-format <<< 'BasedOnStyle: Google'
    put core/stack.hpp <<< 'std::expected<Stack,Error>   map(std::size_t bytes);'
    "$script" --root "$tree" --mend > "$output"
    house 0 nodiscard
    house 0 format
    grep -q '^\[\[nodiscard\]\] std::expected<Stack, Error> map(' "$tree/core/stack.hpp" || fail "not mended" ;;
  an_exception_covers_a_file_or_a_folder)
    breaks word core/README.md <<< 'Whoever.'
    put .ci/house.exceptions <<< 'word core/README.md of old'
    house 0 word
    put .ci/house.exceptions <<< 'word core/ of old'
    house 0 word
    put .ci/house.exceptions <<< 'word verify/ of old'
    house 1 word ;;
  an_exception_that_nothing_needs_is_rejected)
    put .ci/house.exceptions <<< 'word core/README.md of old'
    house 1 word
    says 'word core/README.md is needed no more'
    "$script" --root "$tree" --prune word > "$output"
    house 0 word ;;
  an_exception_needs_a_reason)
    put core/README.md <<< 'Whoever.'
    put .ci/house.exceptions <<< 'word core/README.md'
    house 1 word
    says 'has no reason' ;;
  an_unknown_rule_is_one_line)
    house 2 words
    [ "$(wc -l < "$output")" -eq 1 ] || fail "not one line"
    says '^house: no rule words' ;;
  *)
    echo "house_test.bash: no case $1"
    exit 1 ;;
esac
echo "passed: $1"
