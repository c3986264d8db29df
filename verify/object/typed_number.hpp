// A number as people type it: decimal, or hexadecimal behind `0x`.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberproof::verify {

/// Nothing if `text` is no such number, or has more than 64 bits.
std::optional<std::uint64_t> typed_number(std::string_view text);

}  // namespace fiberproof::verify
