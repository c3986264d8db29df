#include "fuzz/generate/engine_plan.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace fiberproof::fuzz {
namespace {

using enum ValueType;

// The lists of a Wasm function have at most as many values; an optimising compiler takes a second
// for a function that hands over several such lists.
constexpr std::uint32_t many_values_max = 1000;
constexpr std::size_t tiny_program = 5;

bool happens(Random& random, std::size_t percent) {
  return random.below(100) < percent;
}

constexpr std::array<ValueType, 5> numbers = {i32, i64, f32, f64, v128};

/// Types that are below or above one another.
constexpr std::array<ValueType, 5> around_i31 = {i31, i31_as_eq, i31_as_any, none, none_as_any};
constexpr std::array<ValueType, 8> around_struct = {
    struct_, struct_as_eq, struct_as_any, sub, sub_as_any, sub_as_struct, none_as_struct, none};
constexpr std::array<ValueType, 6> around_any = {i31_as_any, struct_as_any, node_as_any,
                                                 sub_as_any, array_as_any,  none_as_any};
constexpr std::array<ValueType, 5> around_node = {node, node_as_any, array, array_as_any, none};
constexpr std::array<ValueType, 5> of_other_hierarchies = {extern_, noextern, func, nofunc, none};
constexpr std::array<std::span<const ValueType>, 5> families = {
    around_i31, around_struct, around_any, around_node, of_other_hierarchies};

/// A collector has little to do with numbers.
void declare_values(const EnginePlan& plan, Random& random, Program& program) {
  const std::size_t choice = plan.collects ? 3 + random.below(13) : random.below(16);
  if (choice == 0) {
    return;
  }
  const std::size_t size = 1 + random.below(random.one_in(2) ? 3 : program_bounds::value_types);
  const std::span<const ValueType> family = random.one_of(families);
  while (program.values.size() < size) {
    if (choice < 5) {
      program.values.push_back(random.one_of(numbers));
    } else if (choice < 12) {
      program.values.push_back(random.one_in(5) ? random.one_of(numbers) : random.one_of(family));
    } else {
      program.values.push_back(static_cast<ValueType>(random.below(value_types)));
    }
  }
}

std::uint32_t any_count(Random& random) {
  return static_cast<std::uint32_t>(random.below(random.one_in(10) ? 16 : 4));
}

/// On output the last function has long lists if the plan asks for them.
void declare_functions(const EnginePlan& plan, Random& random, Program& program) {
  const std::size_t count = 1 + random.below(4) + (program.instances > 1 ? 1 : 0);
  while (program.functions.size() < count) {
    program.functions.push_back({any_count(random), any_count(random)});
  }
  // A switch passes one value at least, the handle.
  program.functions[0].params = std::max(program.functions[0].params, 1u);
  if (plan.many_values) {
    const auto many =
        static_cast<std::uint32_t>(random.one_in(6) ? many_values_max : 32 + random.below(224));
    program.functions.push_back(random.one_in(3) ? Signature{any_count(random), many}
                                                 : Signature{many, any_count(random)});
  }
}

}  // namespace

EnginePlan::EnginePlan(Random& random)
    : switches(happens(random, 33)),
      binds(happens(random, 33)),
      exceptions(happens(random, 28)),
      collects(happens(random, 20)),
      repeats(happens(random, 18)),
      nests(happens(random, 12)),
      many_values(happens(random, 4)),
      enters(happens(random, 8)),
      drops(happens(random, 4)),
      is_refused_on_the_way(happens(random, 6)),
      is_uncaught(happens(random, 6)),
      ends_refused(happens(random, 25)),
      ends_in_overflow(random.one_in(64)),
      steps(tiny_program + random.below(!random.one_in(3)  ? 10
                                        : random.one_in(2) ? program_bounds::steps
                                                           : 28)) {}

void declare_for_engines(const EnginePlan& plan, Random& random, Program& program) {
  program.clear();
  if (plan.ends_in_overflow) {
    program.expect.kind = Expectation::Kind::stack_overflow;
  }
  declare_values(plan, random, program);
  program.handles = static_cast<HandlePlace>(random.below(handle_places));
  if (random.one_in(5)) {
    program.instances = static_cast<std::uint8_t>(2 + random.below(program_bounds::instances - 1));
  }
  program.stacks.push_back({StackShape::Kind::mapped, 0, program_bounds::store_stack_bytes});
  declare_functions(plan, random, program);
  program.tags = static_cast<std::uint8_t>(1 + random.below(program_bounds::tags));
}

}  // namespace fiberproof::fuzz
