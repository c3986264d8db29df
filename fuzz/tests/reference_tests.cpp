// The reference, against events that were worked out by hand.
#include "fuzz/start/reference.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace fiberproof::fuzz {
namespace {

std::vector<Event> events_of(const char* text) {
  Program program;
  EXPECT_TRUE(parse(text, program).has_value());
  std::vector<Event> events;
  expected_events(program, events);
  return events;
}

TEST(reference, a_nested_run_gives_its_events_in_order) {
  const auto events = events_of(R"(fiberproof program 1
depth 2
resumes 3
stack s0 mapped 32768
function f0 params 1 returns 2
  resume f1 on s0
  suspend 9
  return
function f1 params 3 returns 0
  resume f1 on s0
  trap
main
  resume f0 on s0
end
)");
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].kind, Event::Kind::started);
  EXPECT_EQ(events[0].capacity, 2u);
  EXPECT_EQ(events[1].kind, Event::Kind::started);
  EXPECT_EQ(events[1].continuation, 2u);
  EXPECT_EQ(events[2].kind, Event::Kind::skipped);  // deeper than 2
  EXPECT_EQ(events[3].kind, Event::Kind::trapped);
  EXPECT_EQ(events[3].length, 3u);
  EXPECT_EQ(events[4].kind, Event::Kind::suspended);
  EXPECT_EQ(events[4].handler_index, 9u);
  EXPECT_EQ(events[5].kind, Event::Kind::returned);
  EXPECT_EQ(events[5].length, 2u);
}

TEST(reference, a_trap_under_v44_is_a_return_with_the_return_count) {
  const auto events = events_of(R"(fiberproof program 1
revision v44
stack s0 mapped 32768
function f0 params 1 returns 2
  throw
main
  resume f0 on s0
end
)");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].kind, Event::Kind::returned);
  EXPECT_TRUE(events[1].misreported);
  EXPECT_TRUE(events[1].threw);
  EXPECT_EQ(events[1].length, 2u);
}

TEST(reference, usable_bytes_end_at_the_last_multiple_of_16) {
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::mapped, 0, 1}), 4096u);
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::supplied, 0, 47}), 32u);
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::supplied, 1, 47}), 47u);
  EXPECT_EQ(usable_bytes_of({StackShape::Kind::supplied, 19, 45}), 45u);
}

}  // namespace
}  // namespace fiberproof::fuzz
