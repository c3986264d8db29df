// Random numbers that are the same with every standard library, and values that are often those at
// which instructions differ: boundaries of each width and their neighbours.
#pragma once

#include <array>
#include <cstdint>

namespace fiberproof::verify {

inline constexpr auto boundaries = std::to_array<std::uint64_t>(
    {0, 1, 2, 7, 8, 0xf, 0x10, 0x7f, 0x80, 0xff, 0x100, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff,
     0x1'0000'0000, 0x7fff'ffff'ffff'ffff, 0x8000'0000'0000'0000, 0xffff'ffff'8000'0000,
     0xffff'ffff'7fff'ffff, 0xffff'ffff'ffff'ff80, 0xffff'ffff'ffff'ffff});

// SplitMix64: the same numbers with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e37'79b9'7f4a'7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

  std::uint64_t value() {
    switch (below(4)) {
      case 0:
        return next();
      case 1:
        return next() >> below(64);
      case 2:
        return boundaries[below(boundaries.size())] + below(3) - 1;
      default:
        return boundaries[below(boundaries.size())];
    }
  }

 private:
  std::uint64_t state_;
};

}  // namespace fiberproof::verify
