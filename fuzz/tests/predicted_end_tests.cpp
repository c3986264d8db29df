// The reference's prediction of the end of a process: which continuation, how deep, in which entry.
#include "fuzz/reference/predicted_end.hpp"

#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

namespace fiberproof::fuzz {
namespace {

using Kind = PredictedEnd::Kind;

std::optional<PredictedEnd> end_of(const std::string& steps) {
  const auto program = std::make_unique<Program>();
  const auto parsed = parse(fmt::format("fiberproof program 2\n"
                                        "stack s0 pooled 65536\n"
                                        "stack s1 supplied 60000\n"
                                        "stack s2 pooled 49152\n"
                                        "function f0 params 0 returns 0\n"
                                        "function f1 params 1 returns 0\n"
                                        "tags 1\nsteps\n{}\nend\n",
                                        steps),
                            *program);
  EXPECT_TRUE(parsed) << steps;
  return predict_end(*program);
}

const std::string run_one = "new h0 f0 on s0\nresume h0 0 to h0 suspends t0\n";
const std::string run_two = run_one + "new h1 f0 on s2\nresume h1 0 to h2 suspends t0\n";

TEST(predicted_end, of_a_program_that_ends_nothing_is_none) {
  EXPECT_FALSE(end_of(run_two));
  EXPECT_FALSE(end_of("new h0 f0 on s1\nresume h0 0 to h0\noverflow"));
  EXPECT_FALSE(end_of("trespass h0\nresume-again h0"));
  EXPECT_FALSE(end_of("new h0 f0 on s0\nresume-again h0"));
}

TEST(predicted_end, of_an_overflow_is_of_the_continuation_that_runs) {
  const auto end = end_of(run_two + "overflow");
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, (PredictedEnd{.kind = Kind::overflow,
                                .by_recursion = true,
                                .stack = 2,
                                .continuation = 2,
                                .depth = 2,
                                .usable_bytes = 49152}));
  EXPECT_EQ(describe(*end), "a stack overflow of continuation 2, 2 deep is reported");
  EXPECT_EQ(end_of(run_two + "return\noverflow")->continuation, 1u);
  EXPECT_EQ(end_of(run_two + "suspend t0 0 room 0\noverflow")->continuation, 1u);
}

TEST(predicted_end, of_an_overflow_follows_a_switch) {
  const auto end = end_of(
      "new h0 f0 on s0\nresume h0 0 to h0 switches t0\nnew h1 f1 on s2\n"
      "switch h1 t0 0 room 1 to h2\noverflow");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->continuation, 2u);
  EXPECT_EQ(end->depth, 1u);
}

TEST(predicted_end, of_an_overflow_in_an_entry_is_of_the_body_around_it) {
  const auto around = end_of(run_two + "enter\noverflow");
  ASSERT_TRUE(around);
  EXPECT_EQ(around->continuation, 2u);
  EXPECT_EQ(around->depth, 2u);
  EXPECT_EQ(around->entries, 2u);
  const auto within = end_of(run_two + "enter\nnew h3 f0 on s0\nresume h3 0 to h3\noverflow");
  ASSERT_TRUE(within);
  EXPECT_EQ(within->continuation, 3u);
  EXPECT_EQ(within->depth, 1u);
}

TEST(predicted_end, of_an_overflow_beside_the_store_counts_what_was_made_there) {
  const auto end =
      end_of(run_two + "start f0 on s0\nreturn\nstart f0 on s0\nstart f0 on s2\noverflow");
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->is_beside);
  EXPECT_EQ(end->continuation, 3u);
  EXPECT_EQ(end->depth, 2u);
  EXPECT_EQ(end->usable_bytes, 49152u);
}

TEST(predicted_end, of_a_trespass_says_where_the_stack_is) {
  const auto fresh = end_of(run_one + "new h1 f0 on s0\ntrespass h1");
  EXPECT_EQ(fresh->kind, Kind::trespass);
  EXPECT_EQ(fresh->depth, 0u);
  const auto parent = end_of(run_two + "trespass h0");
  EXPECT_EQ(parent->kind, Kind::trespass);
  EXPECT_EQ(parent->depth, 1u);
  EXPECT_EQ(parent->continuation, 1u);
  const auto suspended = end_of(run_two + "suspend t0 0 room 0\ntrespass h2");
  EXPECT_EQ(suspended->depth, 0u);
  EXPECT_EQ(suspended->continuation, 2u);
}

TEST(predicted_end, of_a_trespass_on_the_running_stack_is_an_overflow) {
  EXPECT_EQ(end_of(run_two + "trespass h1")->kind, Kind::overflow);
  EXPECT_EQ(end_of(run_two + "enter\ntrespass h1")->kind, Kind::overflow);
  EXPECT_FALSE(end_of(run_two + "trespass h1")->by_recursion);
}

TEST(predicted_end, of_a_trespass_on_an_ended_stack_is_not_reported) {
  EXPECT_EQ(end_of(run_two + "return\ntrespass h1")->kind, Kind::unreported);
  EXPECT_FALSE(end_of(run_two + "return\nnew h3 f0 on s0\ntrespass h1"));
}

TEST(predicted_end, of_an_overflow_of_the_embedder_is_not_reported) {
  EXPECT_EQ(end_of("overflow"), (PredictedEnd{.kind = Kind::unreported, .by_recursion = true}));
  EXPECT_EQ(end_of("enter\noverflow")->kind, Kind::unreported);
}

TEST(predicted_end, of_trespasses_reads_the_first_and_the_last_word) {
  bool first = false;
  bool last = false;
  for (std::string steps = "new h0 f0 on s0\n"; steps.size() < 100; steps += "collect\n") {
    const std::uint64_t offset = end_of(steps + "trespass h0")->offset;
    first = first || offset == 0;
    last = last || offset == spec::guard_bytes - 8;
    EXPECT_LE(offset, spec::guard_bytes - 8);
  }
  EXPECT_TRUE(first && last);
}

TEST(predicted_end, of_a_second_resumption_has_the_parent_that_the_check_finds) {
  EXPECT_EQ(end_of(run_two + "resume-again h0")->parent, 0u);
  EXPECT_EQ(end_of(run_two + "resume-again h1")->parent, 1u);
  // In the middle of a chain that waits.
  EXPECT_FALSE(end_of(run_two + "suspend t0 0 room 0\nreturn\nresume-again h0"));
  const std::string three =
      "new h0 f0 on s0\nnew h1 f0 on s0\nnew h2 f0 on s0\nresume h0 0 to h3 suspends t0\n"
      "resume h1 0 to h3\nresume h2 0 to h3\nsuspend t0 0 room 0\n";
  EXPECT_EQ(end_of(three + "resume-again h1")->parent, 1u);
  EXPECT_FALSE(end_of(three + "resume-again h0"));
  EXPECT_FALSE(end_of(three + "resume-again h2"));
}

TEST(predicted_end, has_the_expectation_of_a_replay) {
  EXPECT_EQ(print(expectation_of(std::nullopt)), "pass");
  EXPECT_EQ(print(expectation_of(end_of(run_two + "overflow"))), "stack-overflow");
  EXPECT_EQ(print(expectation_of(end_of(run_two + "trespass h0"))), "trespass");
  EXPECT_EQ(print(expectation_of(end_of(run_two + "return\ntrespass h1"))), "fault");
  EXPECT_EQ(print(expectation_of(end_of(run_two + "resume-again h0"))), "check C3");
}

}  // namespace
}  // namespace fiberproof::fuzz
