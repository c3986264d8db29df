// The declaration of a stack in a program: where its memory comes from and how large it is.
#pragma once

#include <cstdint>

namespace fiberproof::fuzz {

inline constexpr std::uint32_t supplied_offset_max = 63;

struct StackShape {
  enum class Kind : std::uint8_t { mapped, supplied };
  Kind kind = Kind::mapped;
  std::uint32_t offset = 0;  ///< of supplied memory: its distance from a multiple of 64
  std::uint64_t bytes = 0;
  friend bool operator==(const StackShape&, const StackShape&) = default;
};

/// The usable bytes of a stack of this shape. A mapped stack has whole pages. A supplied one
/// reaches from its first byte to its end, rounded down to a multiple of 16.
std::uint64_t usable_bytes_of(const StackShape& shape);

}  // namespace fiberproof::fuzz
