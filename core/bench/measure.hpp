// How a contender is measured: operations in batches inside one timed loop, and a count of the work
// that was really done, kept by the fibers themselves. A wrong count ends the program, so that no
// figure stands for work that was optimised away or lost.
#pragma once

#include "core/bench/rows.hpp"

#include <benchmark/benchmark.h>
#include <cstdint>
#include <string_view>

namespace fiberproof::bench {

/// The work that should have been done and the work that was. Equal, or the program ends.
struct Work {
  std::uint64_t expected;
  std::uint64_t seen;
};

/// Prepares a contender, times it, takes it down.
using Measure = Work (*)(benchmark::State& state);

/// Adds the benchmark ROW/CONTENDER, which checks the work of each run.
void add_benchmark(const Row& row, std::string_view contender, Measure measure);

/// Operations in one turn of the timed loop, so that the loop itself costs nothing.
inline constexpr std::uint64_t switches_in_batch = 4096;
inline constexpr std::uint64_t creations_in_batch = 256;
inline constexpr std::uint64_t mappings_in_batch = 16;

/// Calls `operate(batch)` until the benchmark has run for long enough. Returns the operations done.
template <class Operate>
std::uint64_t time_batches(benchmark::State& state, std::uint64_t batch, Operate operate) {
  std::uint64_t operations = 0;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(batch))) {
    operate(batch);
    operations += batch;
  }
  return operations;
}

}  // namespace fiberproof::bench
