// What the texts of the two languages share, Programs and MachinePrograms: how a text falls into
// lines, `expect`, and the shape of a stack. What a line may say is each parser's own.
#pragma once

#include "fuzz/program/expectation.hpp"
#include "fuzz/program/line.hpp"
#include "fuzz/program/stack_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

/// `text` without a byte-order mark of UTF-8, which editors of other systems put first.
std::string_view without_mark(std::string_view text);

/// Whether it begins as UTF-16 does, of either byte order.
bool is_utf16(std::string_view text);
inline constexpr std::string_view utf16_message = "the text is UTF-16; save it as UTF-8";

/// Reads what follows `keyword`, the first word of `line`. True for `end`, the last line.
using Statement = std::function<Read<bool>(std::string_view keyword, Line& line)>;

/// Calls `statement` for each line that says something, after the first one, `magic_line`. The text
/// must go up to `end` and no further, so that what is cut off before the last line's end is an
/// error. Lines end in LF or in CR LF; a mark before the first is passed over.
Checked parse_lines(std::string_view text, std::string_view magic_line, const Statement& statement);

/// What follows the word `expect`.
Read<Expectation> read_expectation(Line& line);

/// The name of what is declared here, `what`: the letter and the number of those declared before.
Checked expect_next_name(Line& line, char letter, std::string_view what, std::size_t declared,
                         std::size_t bound);

/// How a language calls stacks that are not supplied, and its bounds.
struct StackTerms {
  std::string_view mapped;
  std::uint64_t mapped_bytes_min;
  std::uint64_t mapped_bytes_max;
  std::uint64_t supplied_bytes_min;
  std::uint64_t supplied_bytes_max;
};

Read<StackShape> read_stack_shape(Line& line, const StackTerms& terms);
std::string print(const StackShape& shape, const StackTerms& terms);

}  // namespace fiberproof::fuzz
