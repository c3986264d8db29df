// Random values that are often those at which instructions differ: boundaries of each width and
// their neighbours. Bytes may take the place of chance: then a fuzzer decides.
#pragma once

#include "fuzz/generate/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::verify {

inline constexpr auto boundaries = std::to_array<std::uint64_t>({0,
                                                                 1,
                                                                 2,
                                                                 7,
                                                                 8,
                                                                 0xf,
                                                                 0x10,
                                                                 0x7f,
                                                                 0x80,
                                                                 0xff,
                                                                 0x100,
                                                                 0x7fff'ffff,
                                                                 0x8000'0000,
                                                                 0xffff'ffff,
                                                                 0x1'0000'0000,
                                                                 0x7fff'ffff'ffff'ffff,
                                                                 0x8000'0000'0000'0000,
                                                                 0xffff'ffff'8000'0000,
                                                                 0xffff'ffff'7fff'ffff,
                                                                 0xffff'ffff'ffff'ff80,
                                                                 0xffff'ffff'ffff'ffff});

class Random {
 public:
  explicit Random(std::uint64_t seed) : chance_(seed) {}

  /// Takes every decision from `bytes`, which must outlive this, and from seed 0 once they
  /// are used up.
  explicit Random(std::span<const std::byte> bytes) : chance_(0), bytes_(bytes) {}

  std::uint64_t next() { return bytes_.empty() ? chance_.next() : take(sizeof(std::uint64_t)); }
  std::uint64_t below(std::uint64_t bound) {
    return (bound <= 0x100 && !bytes_.empty() ? take(1) : next()) % bound;
  }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

  std::uint64_t value() {
    switch (below(4)) {
      case 0: return next();
      case 1: return next() >> below(64);
      case 2: return boundaries[below(boundaries.size())] + below(3) - 1;
      default: return boundaries[below(boundaries.size())];
    }
  }

 private:
  // Little-endian, from as many of `count` bytes as there are.
  std::uint64_t take(std::size_t count) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; count > 0 && !bytes_.empty(); --count, shift += 8) {
      value |= std::to_integer<std::uint64_t>(bytes_.front()) << shift;
      bytes_ = bytes_.subspan(1);
    }
    return value;
  }

  fuzz::Random chance_;
  std::span<const std::byte> bytes_;
};

}  // namespace fiberproof::verify
