// The reference alone, against arrivals worked out from SPEC.md by hand: handles, values, handlers
// and chains. Ends and bounds are in reference_ends_tests.cpp.
#include "fuzz/tests/arrivals.hpp"

#include <gtest/gtest.h>

namespace fiberproof::fuzz {
namespace {

using Lines = TakenSteps::Lines;
using State = ReferenceStack::State;

TEST(reference, bind_adds_arguments_of_a_fresh_continuation) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f0 on s0
    bind h0 1 to h1
    resume h1 1 to h2)"),
            (Lines{"0 has 1", "0 has 1", "1 starts (2.0 3.0)"}));
}

TEST(reference, bind_adds_values_of_a_suspended_continuation) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f0 on s0
    resume h0 0 to h1 suspends t0
    suspend t0 2 room 3
    bind h1 1 to h2
    resume h2 2 to h3
    return)"),
            (Lines{"0 has 1", "1 starts ()", "0 gets clause 0 of 1 (3.0 3.1)", "0 has 1",
                   "1 resumes with (4.0 5.0 5.1)", "0 gets results (6.0)"}));
}

TEST(reference, a_second_suspension_starts_with_no_values) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 2
    resume h0 2 to h0 suspends t0
    suspend t0 0 room 1
    resume h0 1 to h0)")
                .back(),
            "1 resumes with (6.0)");
}

TEST(reference, a_body_returns_as_many_results_as_declared) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f2 on s0
    resume h0 1 to h0
    return
    new h0 f1 on s0
    resume h0 0 to h0
    return)"),
            (Lines{"0 has 1", "1 starts (2.0)", "0 gets results (3.0 3.1 3.2)", "0 has 2",
                   "2 starts ()", "0 gets results ()"}));
}

TEST(reference, the_nearest_stack_outward_handles_a_suspension) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h2 suspends t0
    resume h1 0 to h3 suspends t0
    suspend t0 1 room 0
    suspend t0 0 room 0)"),
            (Lines{"0 has 1", "0 has 2", "1 starts ()", "2 starts ()", "1 gets clause 0 of 2 (5.0)",
                   "0 gets clause 0 of 1 ()"}));
}

TEST(reference, the_first_clause_with_the_tag_handles_a_suspension) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t2 t1 t1
    suspend t1 0 room 0)")
                .back(),
            "0 gets clause 1 of 1 ()");
}

TEST(reference, suspend_and_switch_need_handlers_of_their_own_kind) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    resume h0 0 to h0 suspends t1
    resume h1 0 to h1 switches t1
    suspend t1 0 room 0)")
                .back(),
            "0 gets clause 0 of 2 ()");
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    new h1 f0 on s0
    resume h0 0 to h0 suspends t1
    switch h1 t1 0 room 0 to h2)")
                .back(),
            "1 rejected: switch t1");
}

// Three stacks deep, and the outermost resume alone handles t1.
constexpr const char* forwarded = R"(
    new h0 f1 on s0
    new h1 f1 on s0
    new h2 f1 on s0
    resume h0 0 to h3 suspends t1
    resume h1 0 to h4 suspends t0
    resume h2 0 to h5 switches t1
    suspend t1 1 room 2
)";

TEST(reference, a_suspension_is_forwarded_through_stacks_without_a_handler) {
  const TakenSteps taken(forwarded);
  EXPECT_EQ(taken.lines.back(), "0 gets clause 0 of 3 (7.0)");
  EXPECT_EQ(taken.reference.stack(3).state, State::suspended);
  EXPECT_EQ(taken.reference.stack(2).state, State::parent);
  EXPECT_EQ(taken.reference.stack(1).state, State::parent);
  EXPECT_EQ(taken.reference.stack(0).state, State::running);
  EXPECT_EQ(taken.reference.stack(3).last_ancestor, 1u);
  EXPECT_EQ(taken.reference.stack(3).parent, 2u);
  EXPECT_EQ(taken.reference.stack(2).parent, 1u);
  EXPECT_EQ(taken.reference.stack(1).parent, no_stack);
  EXPECT_EQ(taken.reference.slot(3).stack, 3u);
  EXPECT_EQ(taken.reference.depth(), 0u);
}

TEST(reference, any_holder_of_its_handle_resumes_a_whole_chain) {
  const TakenSteps taken(std::string(forwarded) + R"(
    new h6 f1 on s0
    resume h6 0 to h6
    resume h3 2 to h3)");
  EXPECT_EQ(taken.lines.back(), "3 resumes with (10.0 10.1)");
  EXPECT_EQ(taken.reference.stack(1).parent, 4u);
  EXPECT_EQ(taken.reference.stack(4).state, State::parent);
  EXPECT_EQ(taken.reference.stack(3).state, State::running);
  EXPECT_EQ(taken.reference.depth(), 4u);
}

TEST(reference, a_suspended_stack_in_a_chain_keeps_its_handlers) {
  EXPECT_EQ(arrivals_of(std::string(forwarded) + R"(
    resume h3 0 to h3
    suspend t0 0 room 0)")
                .back(),
            "1 gets clause 0 of 3 ()");
}

TEST(reference, the_handlers_of_an_earlier_resume_do_not_apply) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t0 0 room 0
    resume h0 0 to h0 suspends t1
    suspend t0 0 room 0)")
                .back(),
            "1 rejected: suspend t0");
}

TEST(reference, a_switch_hands_over_its_values_and_then_the_handle) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    new h1 f0 on s0
    resume h0 0 to h2 switches t0
    switch h1 t0 1 room 2 to h5
    switch h5 t0 1 room 0 to h6)");
  EXPECT_EQ(taken.lines, (Lines{"0 has 1", "0 has 2", "1 starts ()", "2 starts (4.0 handle of 1)",
                                "1 resumes with (5.0 handle of 2)"}));
  EXPECT_EQ(taken.reference.slot(6).stack, 2u);
  EXPECT_TRUE(taken.reference.is_good(taken.reference.slot(6)));
  EXPECT_FALSE(taken.reference.is_good(taken.reference.slot(5)));
  EXPECT_EQ(taken.reference.stack(2).parent, no_stack);
  EXPECT_EQ(taken.reference.stack(2).last_ancestor, 2u);
  EXPECT_EQ(taken.reference.stack(1).parent, 0u);
}

TEST(reference, a_switch_replaces_one_chain_with_another) {
  // 1 over 2 is suspended below 0; then 3 over 4 switches to it, which 0's second resume allows.
  const TakenSteps taken(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    new h2 f1 on s0
    new h3 f1 on s0
    resume h0 0 to h0 suspends t0
    resume h1 0 to h1
    suspend t0 0 room 1
    resume h2 0 to h2 switches t1
    resume h3 0 to h3
    switch h0 t1 0 room 0 to h4)");
  EXPECT_EQ(taken.lines.back(), "2 resumes with (handle of 4)");
  EXPECT_EQ(taken.reference.stack(1).parent, 0u);  // the last ancestor of the chain that resumes
  EXPECT_EQ(taken.reference.stack(2).parent, 1u);
  EXPECT_EQ(taken.reference.stack(3).parent, no_stack);
  EXPECT_EQ(taken.reference.stack(4).last_ancestor, 3u);
  EXPECT_EQ(taken.reference.stack(4).state, State::suspended);
  EXPECT_EQ(taken.reference.stack(3).state, State::parent);
}

TEST(reference, a_switch_is_rejected_without_room_for_the_handle) {
  const Lines lines = arrivals_of(R"(
    new h0 f1 on s0
    new h1 f1 on s0
    new h2 f0 on s0
    resume h0 0 to h0 switches t0
    switch h1 t0 0 room 0 to h3
    switch h2 t0 2 room 0 to h3
    switch h2 t0 1 room 0 to h3)");
  EXPECT_EQ(lines[4], "1 rejected: 1 values to 0 of 0");
  EXPECT_EQ(lines[5], "1 rejected: 3 values to 0 of 2");
  EXPECT_EQ(lines[6], "3 starts (7.0 handle of 1)");
}

TEST(reference, a_handle_can_be_used_once) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    bind h0 0 to h1
    bind h0 0 to h2
    resume h0 0 to h2
    throw-into h0 to h2
    drop h0
    resume h1 0 to h1 suspends t0 switches t0
    switch h0 t0 0 room 0 to h2
    suspend t0 0 room 0
    resume h0 9 to h3)"),
            (Lines{"0 has 1", "0 has 1", "0 rejected: consumed handle",
                   "0 rejected: consumed handle", "0 rejected: consumed handle",
                   "0 rejected: consumed handle", "1 starts ()", "1 rejected: consumed handle",
                   "0 gets clause 0 of 1 ()", "0 rejected: consumed handle"}));
}

TEST(reference, the_handle_of_an_ended_continuation_is_consumed) {
  EXPECT_EQ(arrivals_of("new h0 f1 on s0\nbind h0 0 to h0\nresume h0 0 to h1\nreturn\nresume h0 0 "
                        "to h1")
                .back(),
            "0 rejected: consumed handle");
}

TEST(reference, a_null_handle_is_rejected) {
  EXPECT_EQ(arrivals_of(R"(
    bind h7 9 to h0
    resume h7 9 to h0
    throw-into h7 to h0
    switch h7 t0 3 room 0 to h0
    drop h7)"),
            (Lines(5, "0 rejected: null handle")));
}

TEST(reference, too_many_values_are_rejected_without_effect) {
  EXPECT_EQ(
      arrivals_of(R"(
    new h0 f0 on s0
    resume h0 3 to h1
    bind h0 1 to h0
    resume h0 2 to h1
    bind h0 2 to h1
    resume h0 1 to h1 suspends t0
    suspend t0 0 room 1
    resume h1 2 to h1)"),
      (Lines{"0 has 1", "0 rejected: 3 values to 0 of 2", "0 has 1",
             "0 rejected: 2 values to 1 of 2", "0 rejected: 2 values to 1 of 2",
             "1 starts (3.0 6.0)", "0 gets clause 0 of 1 ()", "0 rejected: 2 values to 0 of 1"}));
}

TEST(reference, a_null_function_and_a_small_stack_are_rejected) {
  const TakenSteps taken(R"(
    new h0 null on s0
    new h0 f0 on s1
    new h0 f2 on s1
    new h0 null on s1)");
  // 0x40 laid out, 16 bytes for each of 2 and 3 values, 2048 of headroom.
  EXPECT_EQ(taken.lines, (Lines{"0 rejected: null function", "0 rejected: 2144 bytes in 2112",
                                "0 rejected: 2160 bytes in 2112", "0 rejected: null function"}));
  EXPECT_EQ(taken.reference.slot(0).stack, no_stack);
  EXPECT_TRUE(taken.reference.live().empty());
}

TEST(reference, a_suspension_without_a_handler_is_rejected) {
  EXPECT_EQ(arrivals_of(R"(
    suspend t1 0 room 0
    new h0 f1 on s0
    resume h0 0 to h0 suspends t0
    suspend t2 0 room 0
    suspend t0 0 room 0)"),
            (Lines{"0 rejected: suspend t1", "0 has 1", "1 starts ()", "1 rejected: suspend t2",
                   "0 gets clause 0 of 1 ()"}));
}

TEST(reference, a_tight_stack_returns_at_once) {
  EXPECT_EQ(arrivals_of("new h0 f1 on s1\nresume h0 0 to h0"),
            (Lines{"0 has 1", "1 starts () tight", "0 gets results ()"}));
}

// Two stores and two threads.

TEST(reference, a_handle_of_the_other_store_means_nothing) {
  const TakenSteps taken(R"(
    new h0 f1 on s0
    enter other
    new h1 f1 on s0
    resume h0 0 to h0
    drop h0
    resume h1 0 to h1
    return
    leave
    resume h1 0 to h1
    resume h0 0 to h0)");
  EXPECT_EQ(taken.lines,
            (Lines{"0 has 1", "2 continues", "2 has 3", "skipped", "skipped", "3 starts ()",
                   "2 gets results ()", "0 continues", "skipped", "1 starts ()"}));
  EXPECT_EQ(taken.reference.stack(3).number, 1u);
  EXPECT_EQ(taken.reference.live_count(0), 1u);
  EXPECT_EQ(taken.reference.live_count(1), 0u);
}

TEST(reference, the_embedder_moves_with_nothing_entered_or_called) {
  EXPECT_EQ(arrivals_of(R"(
    move
    call 1
    move
    back
    enter
    move
    leave
    new h0 f1 on s0
    resume h0 0 to h0
    move)"),
            (Lines{"0 continues", "0 continues", "skipped", "0 continues", "1 continues", "skipped",
                   "0 continues", "0 has 2", "2 starts ()", "skipped"}));
}

// Wide numbers.

TEST(reference, clauses_of_a_table_count_from_its_beginning) {
  EXPECT_EQ(arrivals_of(R"(
    new h0 f1 on s0
    resume h0 0 to h0 after 256 suspends t1 t0
    suspend t0 0 room 0)")
                .back(),
            "0 gets clause 257 of 1 ()");
}

TEST(reference, large_buffers_count_as_work) {
  const auto made = [](std::string_view params) {
    std::string text = machine_program_with("new h0 f3 on s4\nrepeat 1 1023");
    text.insert(text.find("tags"), "function f3 params " + std::string(params) + " returns 0\n");
    text.insert(text.find("function"), "stack s4 pooled 2097152\n");
    Program program;
    EXPECT_TRUE(parse(text, program).has_value());
    Reference reference;
    reference.begin(program);
    while (reference.next() != nullptr) {
      reference.take();
    }
    return reference.live().size();
  };
  EXPECT_EQ(made("4095"), 1024u);
  EXPECT_EQ(made("65536"), 16u);  // 2 + 65,536 / 64 each, with the repeat between them
}

}  // namespace
}  // namespace fiberproof::fuzz
