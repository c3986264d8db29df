#include "core/bench/measure.hpp"

#include <fmt/format.h>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace fiberproof::bench {
namespace {

// Without destructors: fibers that are still suspended may be anywhere.
void check(const std::string& name, Work work) {
  if (work.seen == work.expected && work.seen != 0) return;
  fmt::print(stderr, "bench: {}: {} of work was expected and {} was done\n", name, work.expected,
             work.seen);
  std::fflush(stderr);
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

void add_benchmark(const Row& row, std::string_view contender, Measure measure) {
  const std::string name = fmt::format("{}/{}", row.name, contender);
  benchmark::RegisterBenchmark(
      name.c_str(), [name, measure](benchmark::State& state) { check(name, measure(state)); });
}

}  // namespace fiberproof::bench
