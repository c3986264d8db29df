// The floor of every fiber on a stack of its own: mmap, mprotect of the guard page, the first touch
// of the topmost page, munmap. All of it is the kernel's time.
#include "core/bench/contenders.hpp"
#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"

namespace fiberproof::bench {
namespace {

Work measure(benchmark::State& state) {
  std::uint64_t count = 0;
  const std::uint64_t mapped = time_batches(state, mappings_in_batch, [&](std::uint64_t batch) {
    for (; batch != 0; --batch) {
      const PlainMapping mapping;
      auto* const word = reinterpret_cast<volatile std::uint64_t*>(mapping.bounds().top) - 1;
      *word = 1;
      count += *word;
    }
  });
  return {mapped, count};
}

}  // namespace

void add_mapping() {
  add_benchmark(create_fresh_row, "mapping", measure);
}

}  // namespace fiberproof::bench
