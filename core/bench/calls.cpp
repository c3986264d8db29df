// The control of each row: the same work behind an indirect call and a return, with no switch. It
// shows what of a row's figure is the work and the shape alone.
#include "core/bench/contenders.hpp"
#include "core/bench/live_values_row.hpp"
#include "core/bench/nested_yield_row.hpp"
#include "core/bench/random_sites_row.hpp"
#include "core/bench/switch_row.hpp"

namespace fiberproof::bench {
namespace {

/// In the place of a fiber: a resume() is a call of `function`.
struct Callee {
  void (*function)(void* argument);
  void* argument;

  [[gnu::always_inline]] void resume() { function(argument); }
  [[gnu::always_inline]] void yield() {}
};

[[gnu::noinline]] void count(void* argument) {
  ++*static_cast<std::uint64_t*>(argument);
}

[[gnu::noinline]] void step(void* argument) {
  static_cast<LiveValues*>(argument)->step();
}

[[gnu::noinline]] void count_nested(void* argument) {
  Callee nobody{};
  descend<Callee, nested_frames>(nobody, *static_cast<std::uint64_t*>(argument));
}

template <void (*function)(void*)>
Work measure_repeated(benchmark::State& state) {
  std::uint64_t counted = 0;
  Callee callee{function, &counted};
  const std::uint64_t calls = time_batches(
      state, switches_in_batch, [&](std::uint64_t batch) { resume_repeatedly(callee, batch); });
  return {calls, counted};
}

Work measure_live(benchmark::State& state) {
  LiveValues outer;
  LiveValues inner;
  Callee callee{step, &inner};
  const std::uint64_t calls = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    step_and_resume(callee, outer, batch);
  });
  return {2 * sum_after(calls), outer.sum() + inner.sum()};
}

Work measure_sites(benchmark::State& state) {
  std::uint64_t counted = 0;
  std::size_t position = 0;
  Callee callee{count, &counted};
  const std::uint64_t calls = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    resume_at_random(callee, position, batch);
  });
  return {calls, counted};
}

}  // namespace

void add_calls() {
  add_benchmark(switch_row, "calls", measure_repeated<count>);
  add_benchmark(live_values_row, "calls", measure_live);
  add_benchmark(nested_yield_row, "calls", measure_repeated<count_nested>);
  add_benchmark(random_sites_row, "calls", measure_sites);
}

}  // namespace fiberproof::bench
