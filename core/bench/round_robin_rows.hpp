// Many fibers in a ring, each resumed in turn: what counts is how their stacks share the caches.
#pragma once

#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"
#include "core/bench/switch_row.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace fiberproof::bench {

template <class Fiber>
[[gnu::noinline]] void resume_each(std::vector<std::optional<Fiber>>& fibers) {
  for (std::optional<Fiber>& fiber : fibers) fiber->resume();
}

/// The sum of the counts, or nothing where one fiber ran more often than another.
inline std::uint64_t counted_evenly(const std::vector<std::uint64_t>& counts) {
  const auto [least, most] = std::ranges::minmax(counts);
  return least == most ? most * counts.size() : 0;
}

template <class Fiber, std::size_t fiber_count, Tops tops>
Work measure_round_robin(benchmark::State& state) {
  std::vector<std::uint64_t> counts(fiber_count);
  std::vector<std::optional<Fiber>> fibers(fiber_count);
  for (std::size_t index = 0; index < fiber_count; ++index) {
    fibers[index].emplace(round_robin_stack(index, tops), count_and_yield<Fiber>, &counts[index]);
  }
  resume_each(fibers);  // touches the pages that the timed loop will touch
  const std::uint64_t pairs =
      time_batches(state, fiber_count, [&](std::uint64_t) { resume_each(fibers); });
  return {pairs + fiber_count, counted_evenly(counts)};
}

}  // namespace fiberproof::bench
