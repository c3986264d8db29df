// Fibers that live for one resumption: made, run to their end, destroyed; on a stack that was used
// before, and on one that is mapped for each.
#pragma once

#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"

#include <cstdint>

namespace fiberproof::bench {

template <class Fiber>
[[gnu::noinline]] void count_and_return(Fiber&, void* argument) {
  ++*static_cast<std::uint64_t*>(argument);
}

template <class Fiber>
[[gnu::noinline]] void create_repeatedly(StackBounds stack, std::uint64_t& count,
                                         std::uint64_t times) {
  for (; times != 0; --times) {
    Fiber fiber(stack, count_and_return<Fiber>, &count);
    fiber.resume();
  }
}

template <class Fiber>
Work measure_create_pooled(benchmark::State& state) {
  std::uint64_t count = 0;
  const std::uint64_t created = time_batches(state, creations_in_batch, [&](std::uint64_t batch) {
    create_repeatedly<Fiber>(used_stack(), count, batch);
  });
  return {created, count};
}

template <class Fiber>
Work measure_create_fresh(benchmark::State& state) {
  std::uint64_t count = 0;
  const std::uint64_t created = time_batches(state, mappings_in_batch, [&](std::uint64_t batch) {
    for (; batch != 0; --batch) {
      const typename Fiber::FreshStack stack;
      create_repeatedly<Fiber>(stack.bounds(), count, 1);
    }
  });
  return {created, count};
}

}  // namespace fiberproof::bench
