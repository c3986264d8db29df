// A fiber that calls four frames deep before each yield and returns through all of them after it:
// what a `ret` finds in the return predictor then is what the switch has left there.
#pragma once

#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"
#include "core/bench/switch_row.hpp"

#include <benchmark/benchmark.h>
#include <cstdint>

namespace fiberproof::bench {

inline constexpr int nested_frames = 4;

/// `frames` calls below, counts and yields.
template <class Fiber, int frames>
[[gnu::noinline]] void descend(Fiber& self, std::uint64_t& count) {
  if constexpr (frames == 0) {
    ++count;
    self.yield();
  } else {
    descend<Fiber, frames - 1>(self, count);
  }
  benchmark::ClobberMemory();  // something to return to: no tail call
}

template <class Fiber>
[[gnu::noinline]] void descend_repeatedly(Fiber& self, void* argument) {
  for (;;) descend<Fiber, nested_frames>(self, *static_cast<std::uint64_t*>(argument));
}

template <class Fiber>
Work measure_nested_yield(benchmark::State& state) {
  std::uint64_t count = 0;
  Fiber fiber(used_stack(), descend_repeatedly<Fiber>, &count);
  const std::uint64_t pairs = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { resume_repeatedly(fiber, batch); });
  return {pairs, count};
}

}  // namespace fiberproof::bench
