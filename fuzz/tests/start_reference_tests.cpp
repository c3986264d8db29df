// The reference of what happens beside the store, against events that were worked out by hand.
#include "fuzz/reference/reference.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fiberproof::fuzz {
namespace {

using Kind = StartEvent::Kind;

/// What came of a step, a body's end that no step says among them; nothing where it was skipped.
std::vector<std::optional<StartEvent>> events_of(const std::string& text) {
  Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  Reference reference;
  reference.begin(program);
  std::vector<std::optional<StartEvent>> events;
  const auto note = [&] {
    events.push_back(reference.skipped() ? std::nullopt
                                         : std::optional(reference.starts().event()));
  };
  for (;;) {
    const bool is_inside = reference.starts().depth() > 0;
    const bool is_tight = is_inside && reference.starts().nested().back().tight;
    if (!is_tight && reference.next() != nullptr) {
      reference.take();
    } else if (is_inside) {
      reference.end_of_steps();
    } else {
      return events;
    }
    note();
  }
}

constexpr const char* declarations =
    "fiberproof program 2\nstack s0 pooled 32768\nstack s1 pooled 4096\nstack s2 beyond 48\n"
    "stack s3 supplied 15\nfunction f0 params 1 returns 2\nfunction f1 params 3 returns 0\n"
    "function f2 params 300 returns 0\n";

std::vector<std::optional<StartEvent>> events_of_steps(const std::string& steps,
                                                       const std::string& trampoline = "trap") {
  return events_of(declarations + ("trampoline " + trampoline) + "\nsteps\n" + steps + "end\n");
}

TEST(start_reference, nested_starts_give_their_events_in_order) {
  const auto events =
      events_of_steps("  start f0 on s0\n  start f1 on s0\n  trap\n  yield 9\n  return\n");
  ASSERT_EQ(events.size(), 5u);
  EXPECT_EQ(events[0]->kind, Kind::started);
  EXPECT_EQ(events[0]->capacity, 2u);
  EXPECT_EQ(events[1]->kind, Kind::started);
  EXPECT_EQ(events[1]->continuation, 2u);
  EXPECT_EQ(events[2]->kind, Kind::trapped);
  EXPECT_EQ(events[2]->length, 3u);
  EXPECT_EQ(events[3]->kind, Kind::suspended);
  EXPECT_EQ(events[3]->handler_index, 9u);
  EXPECT_EQ(events[3]->continuation, 1u);
  EXPECT_EQ(events[4]->kind, Kind::returned);
  EXPECT_EQ(events[4]->length, 2u);
}

TEST(start_reference, bodies_return_after_the_last_step) {
  const auto events = events_of_steps("  start f0 on s0\n  start f1 on s0\n");
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[2]->kind, Kind::returned);
  EXPECT_EQ(events[2]->continuation, 2u);
  EXPECT_EQ(events[3]->kind, Kind::returned);
  EXPECT_EQ(events[3]->continuation, 1u);
}

TEST(start_reference, a_trap_under_v44_is_a_return_with_the_return_count) {
  const auto events = events_of_steps("  start f0 on s0\n  throw\n", "v44");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1]->kind, Kind::returned);
  EXPECT_TRUE(events[1]->misreported);
  EXPECT_TRUE(events[1]->threw);
  EXPECT_EQ(events[1]->length, 2u);
}

TEST(start_reference, a_body_without_room_takes_only_the_step_that_ends_it) {
  const auto events = events_of_steps("  start f0 on s1\n  throw\n  start f0 on s1\n  yield 1\n");
  ASSERT_EQ(events.size(), 5u);
  EXPECT_TRUE(events[0]->tight);
  EXPECT_EQ(events[1]->kind, Kind::trapped);
  EXPECT_FALSE(events[1]->threw);
  EXPECT_EQ(events[3]->kind, Kind::returned);
  EXPECT_FALSE(events[4].has_value());  // Nobody is there any more who could yield.
}

TEST(start_reference, what_does_not_fit_is_refused_and_what_cannot_be_had_is_skipped) {
  const auto events = events_of_steps(
      "  start f2 on s1\n  initialize f2 on s1\n  initialize f2 on s0\n  start f0 on s2\n"
      "  start f0 on s3\n  initialize f0 on s2\n  initialize f0 on s3\n  yield 3\n  return\n");
  ASSERT_EQ(events.size(), 9u);
  EXPECT_EQ(events[0]->kind, Kind::refused);
  EXPECT_EQ(events[1]->kind, Kind::refused);
  EXPECT_EQ(events[1]->required_bytes, 0x40u + 4800 + 2048);
  EXPECT_EQ(events[1]->usable_bytes, 4096u);
  EXPECT_EQ(events[2]->kind, Kind::laid_out);
  for (std::size_t index = 3; index < events.size(); ++index) {
    EXPECT_FALSE(events[index].has_value()) << index;
  }
}

TEST(start_reference, the_steps_of_the_store_mean_nothing_to_what_is_started) {
  const auto events = events_of_steps(
      "  new h0 f0 on s0\n  start f0 on s0\n  resume h0 0 to h0\n  new h1 f0 on s0\n  enter\n"
      "  walk\n  call 1\n  return\n");
  ASSERT_EQ(events.size(), 8u);
  for (std::size_t index = 2; index < 7; ++index) {
    EXPECT_FALSE(events[index].has_value()) << index;
  }
  EXPECT_EQ(events[7]->kind, Kind::returned);
}

TEST(start_reference, starts_are_skipped_beyond_the_greatest_depth) {
  const auto events = events_of_steps("  start f0 on s0\n  repeat 1 1023\n  start f0 on s0\n");
  ASSERT_GT(events.size(), start_bounds::depth);
  EXPECT_EQ(events[start_bounds::depth - 1]->kind, Kind::started);
  EXPECT_FALSE(events[start_bounds::depth].has_value());
}

TEST(start_reference, usable_bytes_end_at_the_last_multiple_of_16) {
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::mapped, 0, 1}), 4096u);
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::supplied, 0, 47}), 32u);
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::supplied, 1, 47}), 47u);
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::supplied, 19, 45}), 45u);
}

}  // namespace
}  // namespace fiberproof::fuzz
