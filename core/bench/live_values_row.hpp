// The switch with six live values on both sides: a switch that saves no registers leaves that to
// the code around it, and here that code has something to save.
#pragma once

#include "core/bench/live_values.hpp"
#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"

#include <cstdint>

namespace fiberproof::bench {

/// Publishes its values at the beginning of each batch: those after all steps before it.
template <class Fiber>
[[gnu::noinline]] void step_and_yield(Fiber& self, void* argument) {
  auto& published = *static_cast<LiveValues*>(argument);
  LiveValues values;
  for (;;) {
    published = values;
    for (std::uint64_t left = switches_in_batch; left != 0; --left) {
      values.step();
      self.yield();
    }
  }
}

template <class Fiber>
[[gnu::noinline]] void step_and_resume(Fiber& fiber, LiveValues& outer, std::uint64_t times) {
  LiveValues values = outer;
  for (; times != 0; --times) {
    values.step();
    fiber.resume();
  }
  outer = values;
}

template <class Fiber>
Work measure_live_values(benchmark::State& state) {
  LiveValues outer;
  LiveValues inner;
  Fiber fiber(used_stack(), step_and_yield<Fiber>, &inner);
  const std::uint64_t pairs = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { step_and_resume(fiber, outer, batch); });
  fiber.resume();  // publishes
  return {2 * sum_after(pairs), outer.sum() + inner.sum()};
}

}  // namespace fiberproof::bench
