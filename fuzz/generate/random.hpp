// Random numbers (SplitMix64): a few instructions each, and the same for a seed with every compiler
// and library. Verify's rooms use them too.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fiberproof::fuzz {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }

  /// From 0 to `bound` - 1; `bound` is from 1 to 2^32.
  std::size_t below(std::size_t bound) { return ((next() >> 32) * bound) >> 32; }

  bool one_in(std::size_t bound) { return below(bound) == 0; }

  /// -1, 0 or 1.
  int difference() { return static_cast<int>(below(3)) - 1; }

  template <class Array>
  auto one_of(const Array& items) {
    return items[below(items.size())];
  }

  /// Eight random bytes, as far as `Code` has them; those that follow are 0.
  template <class Code>
  Code code() {
    Code code{};
    std::uint64_t bytes = next();
    for (std::uint8_t& byte : code) {
      byte = static_cast<std::uint8_t>(bytes);
      bytes >>= 8;
    }
    return code;
  }

 private:
  std::uint64_t state_;
};

}  // namespace fiberproof::fuzz
