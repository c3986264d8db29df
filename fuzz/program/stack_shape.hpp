// The shape of a stack that a Program declares, and how many of its bytes are usable.
#pragma once

#include <cstdint>

namespace fiberproof::fuzz {

inline constexpr std::uint32_t supplied_offset_max = 63;

/// How to make a stack.
struct StackShape {
  enum class Kind : std::uint8_t { mapped, supplied };
  Kind kind = Kind::mapped;
  std::uint32_t offset = 0;  ///< of supplied memory: its start's distance from a multiple of 64
  std::uint64_t bytes = 0;
  friend bool operator==(const StackShape&, const StackShape&) = default;
};

/// The usable bytes of a stack of this shape: whole pages where it is mapped; where it is supplied,
/// what lies between its start and its end rounded down to a multiple of 16.
std::uint64_t usable_bytes_of(const StackShape& shape);

}  // namespace fiberproof::fuzz
