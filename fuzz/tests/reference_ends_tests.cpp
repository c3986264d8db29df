// The reference alone, against arrivals worked out from SPEC.md by hand: traps, exceptions, drops,
// entries, repeats, and the bounds of a run.
#include "fuzz/tests/arrivals.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

using Lines = TakenSteps::Lines;
using State = ReferenceStack::State;

TEST(reference_ends, a_trap_arrives_at_the_resumer) {
  const TakenSteps taken(R"(
    new h0 f0 on s0
    resume h0 2 to h0
    trap
    new h0 f1 on s0)");
  EXPECT_EQ(taken.lines,
            (Lines{"0 has 1", "1 starts (2.0 2.1)", "0 trapped: body 1 failed", "0 has 2"}));
  EXPECT_EQ(taken.reference.stack(1).state, State::trapped);
  EXPECT_TRUE(taken.reference.stack(1).args.empty());
}

// Two deep, and the inner one traps.
constexpr const char* trapped_two_deep = R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h2 suspends t0
    resume h1 0 to h3
    trap
)";

TEST(reference_ends, a_trap_is_reraised_on_every_stack_outward) {
  EXPECT_EQ(arrivals_of(std::string(trapped_two_deep) + R"(
    new h4 f1 on s0
    suspend t0 0 room 0
    resume h7 0 to h4
    return
    new h4 f1 on s0)"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "2 starts ()", "1 trapped: body 2 failed",
                   "1 rejected: body 2 failed", "1 rejected: body 2 failed",
                   "1 rejected: body 2 failed", "0 trapped: body 2 failed", "0 has 3"}));
}

TEST(reference_ends, a_reraised_trap_precedes_an_exception) {
  EXPECT_EQ(arrivals_of(std::string(trapped_two_deep) + "throw").back(),
            "0 trapped: body 2 failed");
  const Lines caught = arrivals_of(std::string(trapped_two_deep) + "try\nthrow\nback\ntrap");
  EXPECT_EQ(caught[6], "1 catches 7");
  EXPECT_EQ(caught.back(), "0 trapped: body 2 failed");
}

TEST(reference_ends, a_trap_stops_at_the_initial_stack_of_its_entry) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h2
    enter
    resume h1 0 to h3
    trap
    leave
    return)"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "3 continues", "2 starts ()",
                   "3 trapped: body 2 failed", "1 continues", "0 gets results ()"}));
}

TEST(reference_ends, a_trap_has_the_reason_of_the_latest_rejection) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0
    suspend t1 0 room 0
    new h1 null on s0
    trap)")
                .back(),
            "0 trapped: null function");
}

TEST(reference_ends, return_and_trap_are_skipped_on_an_initial_stack) {
  EXPECT_EQ(arrivals_of("return\ntrap\nenter\nreturn\ntrap"),
            (Lines{"skipped", "skipped", "1 continues", "skipped", "skipped"}));
}

TEST(reference_ends, an_exception_leaves_frames_and_stacks) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    call 2
    resume h0 0 to h0
    call 3
    resume h1 0 to h1
    throw)");
  EXPECT_EQ(taken.lines.back(), "0 catches 7");
  EXPECT_EQ(taken.reference.stack(1).state, State::trapped);
  EXPECT_EQ(taken.reference.stack(2).state, State::trapped);
  EXPECT_EQ(taken.reference.native_frames(), 0u);
  EXPECT_TRUE(taken.reference.live().empty());
  EXPECT_EQ(taken.reference.ended().size(), 2u);
}

TEST(reference_ends, a_try_catches_an_exception) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h0
    try
    call 1
    resume h1 0 to h1
    throw
    back
    return)"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "1 continues", "1 continues", "2 starts ()",
                   "1 catches 7", "1 continues", "0 gets results ()"}));
}

TEST(reference_ends, an_exception_closes_the_entries_that_it_leaves) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    try
    resume h0 0 to h0
    enter
    resume h1 0 to h1
    throw)");
  EXPECT_EQ(taken.lines.back(), "0 catches 7");
  EXPECT_EQ(taken.reference.stack(3).state, State::returned);  // the entry's initial stack
  EXPECT_EQ(taken.reference.native_frames(), 1u);              // of the handler
}

TEST(reference_ends, a_handler_does_not_catch_its_own_exception) {
  EXPECT_EQ(arrivals_of(R"(
    try
    try
    throw
    throw
    back
    rethrow)"),
            (Lines{"0 continues", "0 continues", "0 catches 3", "0 catches 4", "0 continues",
                   "skipped"}));
}

TEST(reference_ends, rethrow_throws_the_exception_of_the_innermost_handler) {
  EXPECT_EQ(arrivals_of(R"(
    rethrow
    new h0 f1 on s0
    resume h0 0 to h0
    try
    throw
    call 2
    rethrow
    rethrow)"),
            (Lines{"skipped", "0 has 1", "1 starts ()", "1 continues", "1 catches 5", "1 continues",
                   "0 catches 5", "skipped"}));
}

TEST(reference_ends, an_exception_for_a_fresh_continuation_arrives_at_the_resumer) {
  const TakenSteps taken("new h0 f0 on s0\ntry\nthrow-into h0 to h1");
  EXPECT_EQ(taken.lines.back(), "0 catches 3");
  EXPECT_EQ(taken.reference.stack(1).state, State::trapped);
  EXPECT_EQ(taken.reference.native_frames(), 1u);
}

TEST(reference_ends, an_exception_is_raised_where_the_chain_is_suspended) {
  const std::string suspended = R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h0 suspends t0
    try
    resume h1 0 to h1
    suspend t0 0 room 0
    throw-into h0 to h2 suspends t1
)";
  const TakenSteps taken(suspended);
  EXPECT_EQ(taken.lines.back(), "1 catches 7");
  EXPECT_EQ(taken.reference.stack(2).state, State::trapped);
  EXPECT_EQ(taken.reference.stack(1).parent, 0u);
  EXPECT_EQ(arrivals_of(suspended + "suspend t1 0 room 0").back(), "0 gets clause 0 of 1 ()");
  EXPECT_EQ(arrivals_of(suspended + "back\nthrow").back(), "0 catches 9");
}

TEST(reference_ends, a_drop_ends_the_whole_chain) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    new h2 f1 on s0
    resume h0 0 to h3 suspends t0
    resume h1 0 to h4
    suspend t0 0 room 0
    drop h3)");
  EXPECT_EQ(taken.lines.back(), "0 continues");
  EXPECT_EQ(taken.reference.ended().size(), 2u);
  ASSERT_EQ(taken.reference.live().size(), 1u);
  EXPECT_EQ(taken.reference.live()[0], 3u);
  EXPECT_EQ(taken.reference.stack(1).state, State::trapped);
  EXPECT_EQ(taken.reference.stack(2).state, State::trapped);
  EXPECT_FALSE(taken.reference.is_good(taken.reference.slot(3)));
}

TEST(reference_ends, an_entry_hides_the_handlers_outside) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h0 suspends t0
    enter
    suspend t0 0 room 0
    resume h1 0 to h1 suspends t1
    suspend t0 0 room 0
    suspend t1 0 room 0
    leave
    suspend t0 0 room 0)"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "3 continues", "3 rejected: suspend t0",
                   "2 starts ()", "2 rejected: suspend t0", "3 gets clause 0 of 2 ()",
                   "1 continues", "0 gets clause 0 of 1 ()"}));
}

TEST(reference_ends, back_and_leave_are_skipped_where_nothing_is_open) {
  EXPECT_EQ(arrivals_of("back\nleave\nnew h0 f1 on s0\nresume h0 0 to h0\nback\nleave"),
            (Lines{"skipped", "skipped", "0 has 1", "1 starts ()", "skipped", "skipped"}));
}

TEST(reference_ends, overrun_needs_a_guard_page_and_walk_takes_any_handle) {
  EXPECT_EQ(arrivals_of("overrun\nwalk\nwalk h0\nnew h0 f1 on s0\nwalk h0\nresume h0 0 to h1\n"
                        "overrun\nwalk h0"),
            (Lines{"skipped", "0 continues", "0 continues", "0 has 1", "0 continues", "1 starts ()",
                   "1 continues", "1 continues"}));
}

TEST(reference_ends, repeats_can_be_repeated) {
  EXPECT_EQ(arrivals_of("walk\nrepeat 1 2").size(), 3u);
  // Three walks, and three times more the walk and its own repeat.
  EXPECT_EQ(arrivals_of("walk\nrepeat 1 2\nrepeat 2 3").size(), 12u);
  EXPECT_EQ(arrivals_of("walk\nback\nrepeat 1 2\nrepeat 3 1"),
            (Lines{"0 continues", "skipped", "skipped", "skipped", "0 continues", "skipped",
                   "skipped", "skipped"}));
}

TEST(reference_ends, a_native_stack_has_at_most_sixteen_frames) {
  EXPECT_EQ(arrivals_of("call 15\ntry\ncall 1\ntry\nenter\nback\nenter\ncall 1"),
            (Lines{"0 continues", "0 continues", "skipped", "skipped", "skipped", "0 continues",
                   "1 continues", "skipped"}));
}

TEST(reference_ends, at_most_four_entries_are_open) {
  EXPECT_EQ(arrivals_of("enter\nenter\nenter\nenter\nleave\nenter"),
            (Lines{"1 continues", "2 continues", "3 continues", "skipped", "2 continues",
                   "4 continues"}));
}

TEST(reference_ends, at_most_1100_continuations_live) {
  const TakenSteps taken("new h0 f1 on s0\nrepeat 1 1023\nrepeat 2 1");
  EXPECT_EQ(taken.lines.size(), 2048u);
  EXPECT_EQ(taken.lines[1099], "0 has 1100");
  EXPECT_EQ(taken.lines[1100], "skipped");
  EXPECT_EQ(taken.reference.live().size(), 1100u);
}

TEST(reference_ends, at_most_4096_continuations_are_made) {
  const TakenSteps taken("new h0 f1 on s0\ndrop h0\nrepeat 2 1023\nrepeat 3 4");
  EXPECT_EQ(taken.lines[2 * 4095], "0 has 4096");
  EXPECT_EQ(taken.lines[2 * 4096], "skipped");
  EXPECT_TRUE(taken.reference.live().empty());
}

TEST(reference_ends, a_program_ends_when_its_work_is_used_up) {
  // Each look at a repeat is work as well: 2049 for 1024 walks, seven times over, and what is left
  // of 16384 is 2041, of which every second one is a walk.
  EXPECT_EQ(TakenSteps("walk\nrepeat 1 1023\nrepeat 2 1023").lines.size(), 7u * 1024 + 1021);
}

TEST(reference_ends, values_count_as_work) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 15
    resume h0 15 to h0 suspends t0
    repeat 2 1023)");
  // 2 before, and 1 + 16 + 1 each time: 910 times, and two steps more.
  EXPECT_EQ(taken.lines.size(), 2u + 2 * 910 + 2);
}

TEST(reference_ends, after_the_last_step_every_body_returns) {
  TakenSteps taken(R"(
    new h0 f0 on s0
    new h1 f2 on s0
    new h2 f1 on s0
    resume h0 0 to h0
    enter
    resume h1 0 to h1 suspends t0
    resume h2 0 to h2)");
  taken.lines.clear();
  taken.end();
  EXPECT_EQ(taken.lines, (Lines{"2 gets results ()", "4 gets results (9.0 9.1 9.2)", "1 continues",
                                "0 gets results (11.0)"}));
  EXPECT_TRUE(taken.reference.live().empty());
}

}  // namespace
}  // namespace fiberproof::fuzz
