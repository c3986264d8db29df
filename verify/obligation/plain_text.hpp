// Reads text from editors of any system: with or without a UTF-8 byte-order mark, with line ends LF
// or CR LF. Anything else is refused, with its place.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::verify {

struct TextFault {
  std::size_t line = 1;
  std::size_t column = 1;
  std::string reason;
};

/// "12:3: reason".
std::string text_of(const TextFault& fault);

/// `bytes` without the mark, each line ended by LF.
[[nodiscard]] std::expected<std::string, TextFault> plain_text(std::string_view bytes);

}  // namespace fiberproof::verify
