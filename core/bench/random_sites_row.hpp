// One fiber resumed from eight places in the code, in an order that no predictor knows: the jump
// back from the fiber goes to another place each time.
#pragma once

#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"
#include "core/bench/switch_row.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fiberproof::bench {

inline constexpr std::size_t random_sites = 8;

/// Site numbers below `random_sites`: the same ones in every run, and too many to be learnt.
inline constexpr std::size_t random_order_length = 1 << 16;
const std::array<std::uint8_t, random_order_length>& random_order();

// The marks keep the compiler from making one site of the eight.
#define FIBERPROOF_BENCH_SITE(number, operation)                  \
  case number:                                                    \
    asm volatile("# before site %c0" : : "i"(number) : "memory"); \
    operation;                                                    \
    asm volatile("# after site %c0" : : "i"(number) : "memory");  \
    break

/// Does `operation` at the site with this number, 0 to 7, each in its own code.
#define FIBERPROOF_BENCH_AT_SITE(site, operation) \
  switch (site) {                                 \
    FIBERPROOF_BENCH_SITE(0, operation);          \
    FIBERPROOF_BENCH_SITE(1, operation);          \
    FIBERPROOF_BENCH_SITE(2, operation);          \
    FIBERPROOF_BENCH_SITE(3, operation);          \
    FIBERPROOF_BENCH_SITE(4, operation);          \
    FIBERPROOF_BENCH_SITE(5, operation);          \
    FIBERPROOF_BENCH_SITE(6, operation);          \
    FIBERPROOF_BENCH_SITE(7, operation);          \
    default: __builtin_unreachable();             \
  }

template <class Fiber>
[[gnu::noinline]] void resume_at_random(Fiber& fiber, std::size_t& position, std::uint64_t times) {
  const auto& order = random_order();
  std::size_t at = position;
  for (; times != 0; --times) {
    FIBERPROOF_BENCH_AT_SITE(order[at], fiber.resume());
    at = (at + 1) % random_order_length;
  }
  position = at;
}

template <class Fiber>
Work measure_random_sites(benchmark::State& state) {
  std::uint64_t count = 0;
  std::size_t position = 0;
  Fiber fiber(used_stack(), count_and_yield<Fiber>, &count);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    resume_at_random(fiber, position, batch);
  });
  return {pairs, count};
}

}  // namespace fiberproof::bench
