#include "fuzz/generate/mutate_widths.hpp"

#include "fuzz/program/form.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

/// About a power of two: 2^bits, a little less or more.
std::uint64_t near_power(Random& random, std::uint32_t bits) {
  return (std::uint64_t{1} << bits) - 3 + random.below(5);
}

/// How many continuations, or uses of a handle, came before: a field as wide as theirs is full
/// after a few more.
std::uint64_t count_before(Random& random) {
  constexpr std::array<std::uint32_t, 8> widths = {8, 16, 16, 31, 32, 32, 48, 63};
  return random.one_in(16) ? program_bounds::counted_before
                           : (std::uint64_t{1} << random.one_of(widths)) - 1 - random.below(2);
}

/// A handler table in which the index of the clause needs more than 8 or 16 bits.
void make_table_long(Program& program, Random& random) {
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    Step& step = program.steps[index];
    if (form_of(step.kind).has(StepField::before) && !step.suspends.empty() && random.one_in(2)) {
      step.before =
          (1u << (random.one_in(3) ? 8 : 16)) - 1 + static_cast<std::uint32_t>(random.below(3));
      return;
    }
  }
}

/// More values in a suspension, and in what resumes it, than 8 bits count.
void suspend_many_values(Program& program, Random& random) {
  constexpr auto many = program_bounds::values_across;
  for (std::size_t index = 0; index < program.steps.size(); ++index) {
    Step& step = program.steps[index];
    if (form_of(step.kind).has(StepField::room)) {
      const auto count = static_cast<std::uint16_t>(
          random.one_in(4) ? many : std::min<std::uint64_t>(near_power(random, 8), many));
      step.room = count;
      step.values = random.one_in(2) ? step.values : count;
      if (index + 1 < program.steps.size() && program.steps[index + 1].kind == Kind::resume &&
          random.one_in(2)) {
        program.steps[index + 1].values = count;
      }
      return;
    }
  }
}

/// A continuation whose args buffer holds more values than 16 bits count, full before it starts.
void start_with_many_values(Program& program, Random& random) {
  constexpr std::uint32_t full = 65'536;
  program.stacks[0] = {StackShape::Kind::mapped, 0, program_bounds::made_bytes};
  program.functions[0] = {full + 16 * static_cast<std::uint32_t>(random.below(4)), 1};
  std::array<Step, 4> steps{};
  steps[0].kind = Kind::new_;
  steps[1].kind = Kind::bind;
  steps[1].values = full / 2;
  steps[2] = steps[1];
  steps[3].kind = Kind::resume;
  steps[3].values = static_cast<std::uint16_t>(random.below(3));
  const auto before = program.steps;
  program.steps.clear();
  for (const Step& step : steps) {
    program.steps.push_back(step);
  }
  for (std::size_t index = 0; index < before.size() && !program.steps.full(); ++index) {
    program.steps.push_back(before[index]);
  }
}

}  // namespace

void widen(Program& program, Random& random) {
  if (random.one_in(128)) {
    return start_with_many_values(program, random);
  }
  switch (random.below(7)) {
    case 0: program.numbers = count_before(random); break;
    case 1:
    case 2: program.revisions = count_before(random); break;
    case 3:
    case 4: return make_table_long(program, random);
    default: return suspend_many_values(program, random);
  }
}

}  // namespace fiberproof::fuzz
