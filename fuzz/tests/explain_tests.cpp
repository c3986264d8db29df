// Explaining: what a program does, in words, and the stack of what ran last.
#include "fuzz/explain/explain.hpp"

#include "fuzz/explain/stack_drawing.hpp"
#include "fuzz/explain/story.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fiberproof::fuzz {
namespace {

Program program_of(std::string_view text) {
  Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return program;
}

std::string story_of(std::string_view text, std::optional<std::uint64_t> last = {}) {
  const Program program = program_of(text);
  Story story(last);
  tell(program, story);
  return story.text();
}

constexpr std::string_view store_program = R"(fiberproof program 2
stack s0 pooled 65536
function f0 params 1 returns 2
tags 1
steps
  new h0 f0 on s0
  new h3 f0 on s0
  resume h0 1 to h1 suspends t0
  suspend t0 2 room 1
  resume h1 1 to h1
  suspend t0 0 room 0
  return
end
)";

TEST(explain, a_program_is_told_step_by_step) {
  EXPECT_EQ(story_of(store_program), R"(step 1, embedder: new h0 f0 on s0
    c1 is fresh with 0 values; a handle of c1 in h0
    embedder*   (c1 fresh)
step 2, embedder: new h3 f0 on s0
    c2 is fresh with 0 values; a handle of c2 in h3
    embedder*   (c1 fresh, c2 fresh)
step 3, embedder: resume h0 1 to h1 suspends t0
    starts c1 with 1 value
    embedder > c1*   (c2 fresh)
step 4, c1 at depth 1: suspend t0 2 room 1
    suspends c1 out to embedder, clause 0, 2 values; a handle of c1 in h1
    embedder*   (c1 suspended, c2 fresh)
step 5, embedder: resume h1 1 to h1
    c1 goes on with 1 value
    embedder > c1*   (c2 fresh)
step 6, c1 at depth 1: suspend t0 0 room 0
    refused: no handler suspends for t0
    embedder > c1*   (c2 fresh)
step 7, c1 at depth 1: return
    c1 returns to embedder with 2 results
    embedder*   (c2 fresh)
at the end, what waits is abandoned: c2 fresh
)");
}

TEST(explain, rounds_are_told_twice_and_then_counted) {
  const std::string loop =
      "fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 0 returns 0\n"
      "tags 1\nsteps\n  new h0 f0 on s0\n  drop h0\n  repeat 2 999\n  walk\nend\n";
  const std::string story = story_of(loop);
  EXPECT_NE(story.find("step 4, embedder: drop h0\n    abandons c2\n    embedder*\n"
                       "… 998 more rounds (1996 steps)\n"
                       "step 2001, embedder: walk\n"),
            std::string::npos)
      << story;
}

TEST(explain, a_story_ends_with_the_step_at_which_the_run_did) {
  const std::string story = story_of(store_program, 4);
  EXPECT_NE(story.find("step 4"), std::string::npos);
  EXPECT_EQ(story.find("step 5"), std::string::npos);
  EXPECT_EQ(story.find("abandoned"), std::string::npos);
}

constexpr std::string_view starts_program = R"(fiberproof program 2
expect pass
stack s0 pooled 65536
stack s1 pooled 4096
function f0 params 1 returns 0
function f1 params 2 returns 3
tags 1
steps
  initialize f1 on s0
  start f0 on s0
  yield 7
  start f1 on s0
  trap
  start f1 on s1
  trap
  return
end
)";

TEST(explain, what_is_started_is_told_step_by_step) {
  EXPECT_EQ(story_of(starts_program), R"(step 1, embedder: initialize f1 on s0
    laid out: 2160 of 65536 usable bytes are needed, 3 values in the args buffer
    embedder*
step 2, embedder: start f0 on s0
    starts started 1 with 1 value
    embedder > started 1*
step 3, started 1 at depth 1: yield 7
    started 1 suspends with index 7 to who started it, and is resumed at once
    embedder > started 1*
step 4, started 1 at depth 1: start f1 on s0
    starts started 2 with 2 values
    embedder > started 1 > started 2*
step 5, started 2 at depth 2: trap
    started 2 traps
    embedder > started 1*
step 6, started 1 at depth 1: start f1 on s1
    starts started 3 with 2 values
    embedder > started 1 > started 3*
step 7, started 3 at depth 2: has no room for steps
    started 3 traps
    embedder > started 1*
step 8, started 1 at depth 1: return
    started 1 returns 0 results
    embedder*
)");
}

TEST(explain, a_long_chain_is_shown_by_its_ends) {
  EXPECT_EQ(chain_text({"a", "b", "c", "d", "e", "f", "g", "h", "i", "j*"}),
            "a > b > c > … 4 more … > h > i > j*");
}

TEST(explain, the_stack_of_the_last_step_is_drawn_with_who_made_its_values) {
  const std::string text = explain(program_of(store_program));
  EXPECT_NE(text.find("no rule is violated, 7 steps, 1 continuation\n"), std::string::npos) << text;
  EXPECT_NE(text.find("the stack of c1 at step 7, 65536 usable bytes\n"), std::string::npos);
  EXPECT_NE(text.find("TOS - 0x20     │ args_capacity        │ 2\n"), std::string::npos);
  EXPECT_NE(text.find("TOS - 0x40     │ args[0]              │ step 3, value 0\n"),
            std::string::npos);
  EXPECT_LT(text.find("│ rip "), text.find("│ args[1]"));
  EXPECT_LT(text.find("│ args[0]"), text.find("│ func_ref"));
}

TEST(explain, a_program_of_starts_names_the_makers_of_its_values) {
  const std::string text = explain(program_of(starts_program));
  EXPECT_NE(text.find("the stack of started 1 at step 8"), std::string::npos) << text;
  EXPECT_NE(text.find("│ started 1, parameter 0\n"), std::string::npos) << text;
}

TEST(explain, a_program_in_which_nothing_is_made_has_no_stack) {
  const std::string text =
      explain(program_of("fiberproof program 2\nstack s0 pooled 65536\n"
                         "function f0 params 0 returns 0\ntags 1\nsteps\n  walk\nend\n"));
  EXPECT_NE(text.find("No continuation takes a step."), std::string::npos) << text;
}

// The signal comes in main, where there is no stack to draw.
TEST(explain, a_crash_by_signal_is_told_with_the_step_that_was_under_way) {
  const std::string text = explain(program_of(R"(fiberproof program 2
stack s0 pooled 65536
function f0 params 0 returns 0
tags 1
steps
  new h0 f0 on s0
  new h1 f0 on s0
  drop h0
  trespass h1
end
)"));
  EXPECT_NE(text.find("after step 4 had begun"), std::string::npos) << text;
}

TEST(explain, a_violation_is_marked_at_its_word) {
  alignas(16) std::array<std::uint64_t, 64> memory{};
  StackSnapshot snapshot{};
  snapshot.layout.top = reinterpret_cast<std::uint64_t>(memory.data() + memory.size());
  snapshot.layout.usable_bytes = sizeof memory;
  snapshot.step = 3;
  snapshot.continuation = 1;
  snapshot.args_capacity = 5;
  const Violation wrong{SpecId::L1, "args_capacity at TOS-0x20", 2, 5};
  EXPECT_NE(draw(snapshot, wrong).find("│ 5   <== L1: expected 0x2, got 0x5\n"), std::string::npos)
      << draw(snapshot, wrong);
  const Violation other{SpecId::C5, "number of values", 2, 5};
  EXPECT_NE(draw(snapshot, other).find("C5 is about something else: number of values\n"),
            std::string::npos);
}

TEST(explain, what_was_not_seen_is_drawn_from_the_specification) {
  const std::string drawing = draw({"c3", 1, 40, 2, 65536});
  EXPECT_NE(drawing.find("the stack of c3, 65536 usable bytes\n"), std::string::npos);
  EXPECT_NE(drawing.find("│ … 24 more\n"), std::string::npos) << drawing;
  EXPECT_NE(drawing.find("TOS - 0x2a0    │ args[0]              │ a parameter, then a result\n"),
            std::string::npos)
      << drawing;
  EXPECT_NE(drawing.find("return_value_count   │ 2   <- first RSP\n"), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::fuzz
