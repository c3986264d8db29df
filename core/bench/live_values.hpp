// Six words that a loop reads and changes in every turn, in an order that no closed form replaces:
// the only way to their last values is to do the work.
#pragma once

#include <cstdint>

namespace fiberproof::bench {

struct LiveValues {
  std::uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;

  void step() {
    a += b;
    b ^= c;
    c += d;
    d ^= e;
    e += f;
    f ^= a;
  }

  std::uint64_t sum() const { return a + b + c + d + e + f; }
};

/// The sum after `steps` steps without anything between them.
inline std::uint64_t sum_after(std::uint64_t steps) {
  LiveValues values;
  for (; steps != 0; --steps) values.step();
  return values.sum();
}

}  // namespace fiberproof::bench
