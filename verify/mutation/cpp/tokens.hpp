// The tokens of C++ text, as far as a mutator must know them. Comments, preprocessor lines and
// attributes have none. The text must be formatted by the project's .clang-format: the space before
// it tells a `<` that compares from one that opens template arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct SourceToken {
  enum class Kind : std::uint8_t { name, number, quoted, mark };
  Kind kind;
  std::string_view text;   ///< of the text that was read, which must outlive it
  std::size_t begin;       ///< offset
  bool is_angled = false;  ///< a bracket of template arguments, or between two of them

  std::size_t end() const { return begin + text.size(); }
  bool is(std::string_view what) const { return text == what; }
};

std::vector<SourceToken> tokens_of(std::string_view text);

}  // namespace fiberproof::verify
