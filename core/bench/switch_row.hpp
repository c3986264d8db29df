// The bare switch: one fiber that counts and yields in a loop, resumed in a loop.
#pragma once

#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"

#include <cstdint>

namespace fiberproof::bench {

/// Counts its resumptions in the word that `argument` points to.
template <class Fiber>
[[gnu::noinline]] void count_and_yield(Fiber& self, void* argument) {
  auto& count = *static_cast<std::uint64_t*>(argument);
  for (;;) {
    ++count;
    self.yield();
  }
}

template <class Fiber>
[[gnu::noinline]] void resume_repeatedly(Fiber& fiber, std::uint64_t times) {
  for (; times != 0; --times) fiber.resume();
}

template <class Fiber>
Work measure_switch(benchmark::State& state) {
  std::uint64_t count = 0;
  Fiber fiber(used_stack(), count_and_yield<Fiber>, &count);
  const std::uint64_t pairs = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { resume_repeatedly(fiber, batch); });
  return {pairs, count};
}

}  // namespace fiberproof::bench
