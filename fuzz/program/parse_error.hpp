// The error of every parser of program texts: a place and one sentence.
#pragma once

#include <cstddef>
#include <string>

namespace fiberproof::fuzz {

/// A longer text is rejected unread.
inline constexpr std::size_t program_text_bytes_max = 64 * 1024;

/// Where a text stops being a program, counted from 1, and why.
struct ParseError {
  std::size_t line;
  std::size_t column;
  std::string message;
};

}  // namespace fiberproof::fuzz
