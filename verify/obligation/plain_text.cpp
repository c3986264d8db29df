#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

constexpr std::string_view mark = "\xef\xbb\xbf";

// A byte-order mark of either order, or the zero byte beside each ASCII letter.
bool is_utf16(std::string_view bytes) {
  return bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff") ||
         (bytes.size() > 1 && (bytes[0] == '\0') != (bytes[1] == '\0'));
}

}  // namespace

std::string text_of(const TextFault& fault) {
  return fmt::format("{}:{}: {}", fault.line, fault.column, fault.reason);
}

std::expected<std::string, TextFault> plain_text(std::string_view bytes) {
  if (is_utf16(bytes)) {
    return std::unexpected(TextFault{1, 1, "the text is UTF-16; save it as UTF-8"});
  }
  if (bytes.starts_with(mark)) bytes.remove_prefix(mark.size());
  std::string text;
  text.reserve(bytes.size());
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::size_t column = at - line_start + 1;
    if (bytes[at] == '\0') {
      return std::unexpected(TextFault{line, column, "byte 0x00 is not text"});
    }
    if (bytes[at] == '\r') {
      const bool is_line_end = at + 1 == bytes.size() || bytes[at + 1] == '\n';
      if (is_line_end) continue;
      return std::unexpected(
          TextFault{line, column, "a CR without LF; lines end in LF or in CR LF"});
    }
    if (bytes[at] == '\n') {
      ++line;
      line_start = at + 1;
    }
    text += bytes[at];
  }
  return text;
}

}  // namespace fiberproof::verify
