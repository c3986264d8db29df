// Texts as editors of any system write them: with or without a byte-order mark of UTF-8, and with
// line ends LF or CR LF. What is no such text is refused, with its place.
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
