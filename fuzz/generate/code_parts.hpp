// What the codes of declarations and of steps share: halves of bytes, and remainders.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fiberproof::fuzz {

constexpr std::uint8_t low(std::uint8_t byte) {
  return byte & 15;
}
constexpr std::uint8_t high(std::uint8_t byte) {
  return byte >> 4;
}
constexpr std::uint8_t join(std::uint8_t low, std::uint8_t high) {
  return static_cast<std::uint8_t>(low | high << 4);
}
constexpr std::uint8_t remainder(std::uint8_t number, std::size_t divisor) {
  return number % static_cast<std::uint8_t>(divisor);
}

}  // namespace fiberproof::fuzz
