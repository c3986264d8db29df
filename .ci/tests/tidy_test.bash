#!/usr/bin/env bash
# tidy_test.bash CASE CLANG_TIDY: that the checks of .clang-tidy find what they are there for.
set -euo pipefail
checks=$(cd "$(dirname "$0")/../.." && pwd)/.clang-tidy
tidy=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# finds CHECK: in standard input. `clean` for CHECK: nothing is found.
finds() {
  local status=0
  cat > "$scratch/planted.cpp"
  "$tidy" --quiet "--config-file=$checks" "$scratch/planted.cpp" -- -std=c++23 \
    > "$scratch/output" 2>&1 || status=$?
  if [ "$1" = clean ]; then
    [ "$status" -eq 0 ] && return
  elif [ "$status" -ne 0 ] && grep -q "\[$1,-warnings-as-errors\]" "$scratch/output"; then
    return
  fi
  echo "FAILED: status $status, expected $1"
  sed 's/^/  output: /' "$scratch/output"
  exit 1
}

case $1 in
  passes_what_is_right)
    finds clean << 'END'
#include <expected>
std::expected<int, int> read();
int main() {
  const auto value = read();
  return value ? *value : 1;
}
END
    ;;
  finds_an_error_that_is_lost)
    finds bugprone-unused-return-value << 'END'
#include <expected>
std::expected<int, int> read();
int main() { read(); }
END
    ;;
  finds_a_use_after_move)
    finds bugprone-use-after-move << 'END'
#include <string>
#include <utility>
void take(std::string text);
std::size_t twice(std::string text) {
  take(std::move(text));
  return text.size();
}
END
    ;;
  finds_a_header_that_is_included_twice)
    finds readability-duplicate-include << 'END'
#include <string>
#include <vector>
#include <string>
std::vector<std::string> names;
END
    ;;
  *)
    echo "tidy_test.bash: no case $1"
    exit 1 ;;
esac
echo "passed: $1"
