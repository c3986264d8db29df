// All rows for one stackful contender: what such a contender is, and the shapes that it runs.
//
// The shapes are templates, so that a switch that can be inlined is inlined into the measured
// loops, and each contender resumes and yields at sites of its own.
#pragma once

#include "core/bench/create_rows.hpp"
#include "core/bench/live_values_row.hpp"
#include "core/bench/measure.hpp"
#include "core/bench/nested_yield_row.hpp"
#include "core/bench/random_sites_row.hpp"
#include "core/bench/resume_suspend_rows.hpp"
#include "core/bench/round_robin_rows.hpp"
#include "core/bench/stacks.hpp"
#include "core/bench/switch_row.hpp"

#include <concepts>
#include <string>
#include <string_view>

namespace fiberproof::bench {

/// A fiber of some library. It runs `body(fiber, argument)` on `stack`, between resume(), which
/// its maker calls, and yield(), which the body calls. It may be destroyed once the body has
/// returned, or while it is suspended.
template <class Fiber>
concept StackfulFiber =
    std::constructible_from<Fiber, StackBounds, void (*)(Fiber&, void*), void*> &&
    requires(Fiber& fiber) {
      fiber.resume();
      fiber.yield();
    };

/// Its FreshStack maps a stack the way users of the library would.
template <class Fiber>
concept MapsStacks = std::default_initializable<typename Fiber::FreshStack> &&
                     requires(const typename Fiber::FreshStack& stack) {
                       { stack.bounds() } -> std::same_as<StackBounds>;
                     };

template <StackfulFiber Fiber>
void add_shape_rows(std::string_view contender) {
  add_benchmark(live_values_row, contender, measure_live_values<Fiber>);
  add_benchmark(nested_yield_row, contender, measure_nested_yield<Fiber>);
  add_benchmark(random_sites_row, contender, measure_random_sites<Fiber>);
}

template <StackfulFiber Fiber>
void add_round_robin_rows(std::string_view contender) {
  const std::string staggered = std::string(contender) + "_staggered";
  add_benchmark(round_robin_64_row, contender, measure_round_robin<Fiber, 64, Tops::aligned>);
  add_benchmark(round_robin_64_row, staggered, measure_round_robin<Fiber, 64, Tops::staggered>);
  add_benchmark(round_robin_4096_row, contender, measure_round_robin<Fiber, 4096, Tops::aligned>);
  add_benchmark(round_robin_4096_row, staggered, measure_round_robin<Fiber, 4096, Tops::staggered>);
}

template <StackfulFiber Fiber>
  requires MapsStacks<Fiber>
void add_create_rows(std::string_view contender) {
  add_benchmark(create_pooled_row, contender, measure_create_pooled<Fiber>);
  add_benchmark(create_fresh_row, contender, measure_create_fresh<Fiber>);
}

template <StackfulFiber Fiber>
void add_all_rows(std::string_view contender) {
  add_benchmark(switch_row, contender, measure_switch<Fiber>);
  add_benchmark(resume_suspend_row, contender, measure_switch<Fiber>);
  add_benchmark(hand_over_row, contender, measure_handing_over<Fiber>);
  add_shape_rows<Fiber>(contender);
  add_round_robin_rows<Fiber>(contender);
  add_create_rows<Fiber>(contender);
}

}  // namespace fiberproof::bench
