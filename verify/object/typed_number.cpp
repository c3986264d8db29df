#include "verify/object/typed_number.hpp"

#include <charconv>
#include <system_error>

namespace fiberproof::verify {

std::optional<std::uint64_t> typed_number(std::string_view text) {
  const bool is_hexadecimal = text.starts_with("0x");
  if (is_hexadecimal) text.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, status] = std::from_chars(text.data(), end, value, is_hexadecimal ? 16 : 10);
  return status == std::errc{} && last == end ? std::optional(value) : std::nullopt;
}

}  // namespace fiberproof::verify
