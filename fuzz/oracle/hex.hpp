// Bytes as text: two digits each.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string>

namespace fiberproof::fuzz {

inline std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  }
  return text;
}

}  // namespace fiberproof::fuzz
