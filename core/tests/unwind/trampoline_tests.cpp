// T7 at every instruction of both trampolines: a child process runs a continuation that suspends
// once, is resumed by another frame, and returns or traps. It is single-stepped through all of
// that, and wherever it stops in the trampoline, libunwind must find the parent's RSP, RBP and RIP.
//
// The expected values are read from the control context, at the offsets that SPEC.md draws, not
// those of layout.hpp. After the last instruction they must be the child's real registers.
#include "core/tests/unwind/instructions.hpp"
#include "core/tests/unwind/mutated_trampolines.hpp"
#include "core/tests/unwind/nest.hpp"
#include "core/tests/unwind/single_step.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <functional>
#include <set>

namespace fiberproof::unwind {
namespace {

/// The child, before the instruction at `rip`.
struct Stop {
  std::uint64_t rip;
  std::vector<Place> parent_by_rules;  ///< one, or none where libunwind finds none
  Place parent;

  bool is_right() const { return parent_by_rules == std::vector{parent}; }
};

struct Journey {
  std::vector<Stop> stops;
  Place after_the_last;
  bool went_as_planned = false;
};

Place parent_in_control_context(const TracedChild& child, std::uint64_t top) {
  return {.rsp = child.word_at(top - 0x18),
          .rbp = child.word_at(top - 0x10),
          .rip = child.word_at(top - 0x08)};
}

/// Runs `nest`, of depth 1, in a child.
Journey journey(Nest& nest, StartRoutine* trampoline, bool seems_to_return) {
  TracedChild child([&] { return nest.run() == seems_to_return; });
  const auto instructions = trampoline_addresses(trampoline);
  Journey result;
  bool was_in_trampoline = false;
  while (child.step()) {
    const Place here = child.registers();
    const bool is_in_trampoline = std::ranges::binary_search(instructions, here.rip);
    if (is_in_trampoline) {
      result.stops.push_back({here.rip, child.outer_frames(1),
                              parent_in_control_context(child, nest.bounds().front().top)});
    } else if (was_in_trampoline) {
      result.after_the_last = here;
    }
    was_in_trampoline = is_in_trampoline;
  }
  result.went_as_planned = child.went_as_planned();
  return result;
}

enum class End : bool { by_trap, by_return };

std::function<bool(Nest&)> suspend_once(End end) {
  return [end](Nest& running) {
    running.suspend_innermost();
    return end == End::by_return;
  };
}

void expect_parent_at_every_instruction(Trampoline trampoline, End end) {
  StartRoutine* const start = start_routine(trampoline);
  Nest nest(1, trampoline, suspend_once(end));
  const Journey seen = journey(nest, start, end == End::by_return || trampoline == Trampoline::v44);
  EXPECT_TRUE(seen.went_as_planned);
  std::vector<std::uint64_t> visited;
  for (const Stop& stop : seen.stops) {
    EXPECT_TRUE(stop.is_right()) << std::hex << stop.rip << " has " << stop.parent << ", libunwind "
                                 << testing::PrintToString(stop.parent_by_rules);
    visited.push_back(stop.rip);
  }
  EXPECT_EQ(visited, trampoline_addresses(start));  // each once, and in order
  ASSERT_FALSE(seen.stops.empty());
  EXPECT_NE(seen.stops.front().parent, seen.stops.back().parent) << "resumed by two frames";
  EXPECT_EQ(seen.stops.back().parent, seen.after_the_last);
}

TEST(unwind, rules_yield_the_parent_at_every_instruction_of_a_return) {
  expect_parent_at_every_instruction(Trampoline::trap, End::by_return);
}

TEST(unwind, rules_yield_the_parent_at_every_instruction_of_a_trap) {
  expect_parent_at_every_instruction(Trampoline::trap, End::by_trap);
}

TEST(unwind, rules_of_v44_yield_the_parent_at_every_instruction_of_a_return) {
  expect_parent_at_every_instruction(Trampoline::v44, End::by_return);
}

TEST(unwind, rules_of_v44_yield_the_parent_at_every_instruction_of_a_trap) {
  expect_parent_at_every_instruction(Trampoline::v44, End::by_trap);
}

// Places in the mutated trampolines, which all have these ten instructions.
enum Instruction : std::size_t { first_pop = 0, load_of_rbp = 8, last_jump = 9 };

std::set<std::size_t> wrong_instructions(StartRoutine* trampoline) {
  Nest nest(1, trampoline, suspend_once(End::by_return));
  const Journey seen = journey(nest, trampoline, true);
  EXPECT_TRUE(seen.went_as_planned);
  EXPECT_EQ(seen.stops.size(), last_jump + 1);
  std::set<std::size_t> wrong;
  for (std::size_t index = 0; index < seen.stops.size(); ++index) {
    if (!seen.stops[index].is_right()) wrong.insert(index);
  }
  return wrong;
}

std::set<std::size_t> all_up_to(std::size_t last) {
  std::set<std::size_t> all;
  for (std::size_t index = first_pop; index <= last; ++index) {
    all.insert(index);
  }
  return all;
}

TEST(unwind, missing_rules_are_noticed_at_every_instruction) {
  EXPECT_EQ(wrong_instructions(&trampoline_without_rules), all_up_to(last_jump));
}

TEST(unwind, rules_of_an_ordinary_function_are_noticed_up_to_the_last_jump) {
  EXPECT_EQ(wrong_instructions(&trampoline_with_frame_pointer_rules), all_up_to(load_of_rbp));
}

TEST(unwind, rules_that_are_stale_at_the_last_jump_are_noticed_there) {
  EXPECT_EQ(wrong_instructions(&trampoline_with_stale_rules), std::set<std::size_t>{last_jump});
}

TEST(unwind, rules_that_change_one_instruction_early_are_noticed_there) {
  EXPECT_EQ(wrong_instructions(&trampoline_with_early_rules), std::set<std::size_t>{load_of_rbp});
}

}  // namespace
}  // namespace fiberproof::unwind
