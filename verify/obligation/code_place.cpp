#include "verify/obligation/code_place.hpp"

#include <fmt/format.h>
#include <charconv>

namespace fiberproof::verify {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  const bool is_hexadecimal = text.starts_with("0x");
  if (is_hexadecimal) text.remove_prefix(2);
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, is_hexadecimal ? 16 : 10);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(value) : std::nullopt;
}

std::unexpected<std::string> fail(const ObjectFile& file, std::string_view reason,
                                  const CodePlace& place) {
  return std::unexpected(
      fmt::format("fiberproof: {}: {} ({})", file.path(), reason, text_of(place)));
}

std::expected<std::uint64_t, std::string> address_of(const ObjectFile& file,
                                                     const CodePlace& place) {
  if (place.symbol.empty()) {
    if (file.is_relocatable()) {
      return fail(file, "a relocatable file has no addresses: name a symbol", place);
    }
    return place.offset;
  }
  const auto symbol = file.callee(place.symbol);
  if (!symbol) return std::unexpected(message(symbol.error()));
  return *symbol + place.offset;
}

}  // namespace

std::expected<CodePlace, std::string> parse_code_place(std::string_view text) {
  CodePlace place;
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    place.bytes = number(text.substr(colon + 1));
    if (!place.bytes || *place.bytes == 0) return std::unexpected("no number of bytes after ':'");
    text = text.substr(0, colon);
  }
  if (text.starts_with("0x")) {
    const auto address = number(text);
    if (!address) return std::unexpected("no address after 0x");
    place.offset = *address;
    return place;
  }
  const std::size_t plus = text.rfind('+');
  if (plus != std::string_view::npos) {
    const auto offset = number(text.substr(plus + 1));
    if (!offset) return std::unexpected("no number after '+'");
    if (!place.bytes) return std::unexpected("a part of a function needs ':' and its bytes");
    place.offset = *offset;
    text = text.substr(0, plus);
  }
  if (text.empty()) return std::unexpected("no name and no address");
  place.symbol = text;
  return place;
}

std::string text_of(const CodePlace& place) {
  const std::string bytes = place.bytes ? fmt::format(":{}", *place.bytes) : "";
  if (place.symbol.empty()) return fmt::format("{:#x}{}", place.offset, bytes);
  const std::string offset = place.offset == 0 ? "" : fmt::format("+{:#x}", place.offset);
  return fmt::format("{}{}{}", place.symbol, offset, bytes);
}

std::expected<Routine, std::string> routine_at(const ObjectFile& file, const CodePlace& place) {
  if (!place.bytes && !place.symbol.empty()) {
    auto routine = file.routine(place.symbol);
    if (!routine) return std::unexpected(message(routine.error()));
    return std::move(*routine);
  }
  const auto address = address_of(file, place);
  if (!address) return std::unexpected(address.error());
  if (!place.bytes) return fail(file, "an address needs ':' and the bytes of the code", place);
  auto routine = file.code(text_of(place), *address, *place.bytes);
  if (!routine) return std::unexpected(message(routine.error()));
  return std::move(*routine);
}

std::expected<std::uint64_t, std::string> callee_at(const ObjectFile& file,
                                                    const CodePlace& place) {
  return address_of(file, place);
}

}  // namespace fiberproof::verify
