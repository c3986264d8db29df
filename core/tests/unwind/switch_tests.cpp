// Unwinding at each instruction of stack_switch, measured by single-stepping. The
// switch has no call frame information of its own, only that of the function around it, whose frame
// is found by RBP: until RBP is written, unwinding starts on the stack that is left, and at the
// jump on the one that is entered. It then shows that whole chain, but for two limits:
//
// - A child that suspends stores its resume point into the control context that its chain leads
//   through (T3). From the first store until RBP is written, the chain leads from the trampoline
//   back into the child, without end. No other order of the instructions helps: a parent that
//   resumes must have stored before it writes RBP. A walk from a signal handler needs a bound.
// - At the jump to a fresh stack the RSP of the second frame is TOS: by its RBP the trampoline's
//   frame looks like that of an ordinary function.
#include "core/tests/unwind/instructions.hpp"
#include "core/tests/unwind/nest.hpp"
#include "core/tests/unwind/single_step.hpp"

#include "core/machine_code.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <iterator>

namespace fiberproof::unwind {
namespace {

using Frames = std::vector<Place>;

constexpr std::size_t frames_max = 200;  // the initial stack has some 20

// Instructions of the switch, by number.
constexpr std::size_t first_store = 4;
constexpr std::size_t write_of_rsp = 7;
constexpr std::size_t write_of_rbp = 8;
constexpr std::size_t jump = 9;

/// The outer frames before each instruction of one switch, and after the last.
struct Passage {
  std::vector<Frames> at;
  Frames after;
};

/// Three switches: to a fresh stack, back to the initial one, and to the one that was suspended.
struct Journey {
  Passage start;
  Passage suspension;
  Passage second_resumption;
  std::uint64_t top;
};

std::vector<std::uint64_t> instructions_of_all_switches() {
  std::vector<std::uint64_t> all;
  for (const auto site : switch_site_bytes()) {
    std::ranges::copy(instruction_addresses(site), std::back_inserter(all));
  }
  std::ranges::sort(all);
  return all;
}

std::vector<Passage> passages_of(TracedChild& child) {
  const auto instructions = instructions_of_all_switches();
  std::vector<Passage> passages;
  bool was_in_switch = false;
  while (child.step()) {
    const bool is_in_switch = std::ranges::binary_search(instructions, child.registers().rip);
    if (is_in_switch && !was_in_switch) passages.emplace_back();
    if (is_in_switch) {
      passages.back().at.push_back(child.outer_frames(frames_max));
    } else if (was_in_switch) {
      passages.back().after = child.outer_frames(frames_max);
    }
    was_in_switch = is_in_switch;
  }
  return passages;
}

Journey journey() {
  Nest nest(1, Trampoline::trap, [](Nest& running) {
    running.suspend_innermost();
    return true;
  });
  TracedChild child([&] { return nest.run(); });
  std::vector<Passage> passages = passages_of(child);
  EXPECT_TRUE(child.went_as_planned());
  EXPECT_EQ(passages.size(), 3u);
  for (const Passage& passage : passages) {
    EXPECT_EQ(passage.at.size(), jump + 1);
  }
  passages.resize(3, {std::vector<Frames>(jump + 1), {}});
  return {passages[0], passages[1], passages[2], nest.bounds().front().top};
}

void expect_left_stack_up_to(std::size_t last, const Passage& passage) {
  EXPECT_GE(passage.at.front().size(), 2u);
  for (std::size_t instruction = 1; instruction <= last; ++instruction) {
    EXPECT_TRUE(passage.at[instruction] == passage.at.front()) << "instruction " << instruction;
  }
}

TEST(unwind, a_switch_that_resumes_shows_the_stack_that_it_leaves_until_rbp_is_written) {
  const Journey seen = journey();
  expect_left_stack_up_to(write_of_rbp, seen.start);
  expect_left_stack_up_to(write_of_rbp, seen.second_resumption);
}

TEST(unwind, a_switch_that_suspends_shows_the_stack_that_it_leaves_until_it_stores) {
  expect_left_stack_up_to(first_store, journey().suspension);
}

TEST(unwind, a_switch_that_suspends_shows_its_own_stack_endlessly_after_its_store) {
  const Passage suspension = journey().suspension;
  for (const std::size_t instruction : {write_of_rsp, write_of_rbp}) {
    EXPECT_EQ(suspension.at[instruction].size(), frames_max) << "instruction " << instruction;
  }
}

TEST(unwind, a_switch_shows_the_stack_that_it_enters_at_its_jump) {
  Journey seen = journey();
  for (const Passage* passage : {&seen.start, &seen.suspension, &seen.second_resumption}) {
    ASSERT_GE(passage->after.size(), 2u);
  }
  EXPECT_TRUE(seen.suspension.at[jump] == seen.suspension.after);
  EXPECT_TRUE(seen.second_resumption.at[jump] == seen.second_resumption.after);

  Frames expected_at_start = seen.start.after;
  expected_at_start.front().rsp = seen.top;
  EXPECT_TRUE(seen.start.at[jump] == expected_at_start);
}

}  // namespace
}  // namespace fiberproof::unwind
