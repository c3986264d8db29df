// The outer form of a Program's text: its first line, how it falls into lines, `expect`, and the
// shape of a stack. What else a line may say is the parser's.
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

inline constexpr std::string_view magic_line = "fiberproof program 2";

/// `text` without a byte-order mark of UTF-8, which editors of other systems put first.
std::string_view without_mark(std::string_view text);

/// Whether it begins as UTF-16 does, of either byte order.
bool is_utf16(std::string_view text);
inline constexpr std::string_view utf16_message = "the text is UTF-16; save it as UTF-8";

/// Reads what follows `keyword`, the first word of `line`. True for `end`, the last line.
using Statement = std::function<Read<bool>(std::string_view keyword, Line& line)>;

/// Calls `statement` for each line that says something, after the first one, `magic_line`. The text
/// must go up to `end` and no further, so that what is cut off before the last line's end is an
/// error. Lines end in LF or in CR LF; a mark before the first is skipped. A text of an older
/// language is an error that says what to do with it.
Checked parse_lines(std::string_view text, const Statement& statement);

/// What follows the word `expect`.
Read<Expectation> read_expectation(Line& line);

/// The name of what is declared here, `what`: the letter and the number of those declared before.
Checked expect_next_name(Line& line, char letter, std::string_view what, std::size_t declared,
                         std::size_t bound);

/// What follows the name of a stack.
Read<StackShape> read_stack_shape(Line& line);
std::string print(const StackShape& shape);

}  // namespace fiberproof::fuzz
