// The frame-pointer walk (C6) of the active chain and of the whole thread, through nested
// entries, against a second opinion.
#include "core/tests/second_walk.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstdint>
#include <variant>
#include <vector>

namespace fiberproof {
namespace {

void expect_walk_from(std::size_t depth) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  std::vector<Frame> frames;
  run_nested(store, depth, [&] { frames = expect_active_walk_is_right(store, entry_frame); });
  std::vector<std::uint64_t> expected;
  for (std::size_t id = depth + 1; id-- > 0;) expected.push_back(id);
  EXPECT_EQ(stack_ids(frames), expected);
}

TEST(walk, lists_the_frames_of_the_active_chain_on_the_initial_stack_alone) {
  expect_walk_from(0);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_1_continuation) {
  expect_walk_from(1);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_3_continuations) {
  expect_walk_from(3);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_100_continuations) {
  expect_walk_from(100);
}
TEST(walk, lists_the_frames_of_the_active_chain_from_1000_continuations) {
  expect_walk_from(1000);
}

TEST(walk, lists_the_frames_of_a_continuation_on_a_stack_of_the_callers) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  std::vector<std::byte> memory(64 * 1024);
  Stack stack = Stack::supply(memory).value();
  Body body(20, 1, [&](std::span<Value>) { expect_active_walk_is_right(store, entry_frame); });
  const std::vector<Value> arguments(20);
  EXPECT_TRUE(resume(store, *cont_new(store, &body, stack), arguments).has_value());
}

// Functions that note their own frames.
using NotedFrames = std::vector<std::uint64_t>;

[[gnu::noinline]] void call_down(std::size_t calls, NotedFrames& noted,
                                 const std::function<void()>& last) {
  noted.push_back(frame_here(__builtin_frame_address(0)));
  if (calls == 1) {
    last();
  } else {
    call_down(calls - 1, noted, last);
  }
  asm volatile("");  // a frame for each call
}

TEST(walk, visits_the_frames_that_functions_recorded_in_order) {
  Store store;
  const Entry entry(store);
  NotedFrames noted{frame_here(__builtin_frame_address(0))};
  std::vector<std::uint64_t> found;
  const auto walk_here = [&] {
    EXPECT_TRUE(walk_active(store, [&](const Frame& frame) {
                  if (std::ranges::count(noted, frame.frame_pointer) != 0) {
                    found.push_back(frame.frame_pointer);
                  }
                  return true;
                }).has_value());
  };
  call_down(2, noted, [&] {
    run_nested(store, 2, [&] {
      call_down(3, noted, [&] { run_nested(store, 1, [&] { call_down(4, noted, walk_here); }); });
    });
  });
  std::ranges::reverse(found);
  EXPECT_EQ(noted.size(), 1u + 2u + 3u + 4u);
  EXPECT_EQ(found, noted);
}

TEST(walk, says_whether_an_instruction_follows_a_call_or_a_switch) {
  Store store;
  const Entry entry(store);
  std::vector<Frame> frames;
  run_nested(store, 2, [&] {
    Walked walked;
    walked.ended = walk_active(store, visitor_of(walked));
    frames = walked.frames;
  });
  ASSERT_FALSE(frames.empty());
  const StackRecord* inner = frames.front().stack;
  for (const Frame& frame : frames) {
    // The first frame of a stack that waits in a switch; all others wait for a call to return.
    const bool waits_in_switch = std::exchange(inner, frame.stack) != frame.stack;
    EXPECT_EQ(frame.kind, waits_in_switch ? Frame::Kind::after_switch : Frame::Kind::after_call);
    EXPECT_EQ(frame.symbol_address(), frame.instruction - 1);
  }
}

TEST(walk, stops_when_the_visitor_says_so) {
  Store store;
  const Entry entry(store);
  int visits = 0;
  run_nested(store, 3, [&] {
    EXPECT_TRUE(walk_active(store, [&](const Frame&) { return ++visits < 2; }).has_value());
    EXPECT_TRUE(walk_thread([&](const Frame&) { return ++visits < 4; }).has_value());
  });
  EXPECT_EQ(visits, 4);
}

// Entries inside of entries.

/// An entry of `store`, made here, with `depth` continuations inside it.
[[gnu::noinline]] void enter_and_nest(Store& store, std::size_t depth,
                                      const std::function<void(std::uint64_t)>& innermost) {
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  run_nested(store, depth, [&] { innermost(entry_frame); });
}

/// Expects the whole thread from here, and the chain of each of the two entries.
[[gnu::noinline]] void expect_walks_through_two_entries(const Store& outer, const Store& inner,
                                                        std::uint64_t outer_frame,
                                                        std::uint64_t inner_frame) {
  const std::vector<Link> all = unwound(outer_frame);
  Walked thread;
  thread.ended = walk_thread(visitor_of(thread));
  expect_same(thread, all);

  Walked innermost;
  innermost.ended = walk_active(inner, visitor_of(innermost));
  expect_same(innermost, unwound(inner_frame));

  // The chain of the outer entry begins with the function that made the inner one.
  if (&outer != &inner) {
    Walked outermost;
    outermost.ended = walk_active(outer, visitor_of(outermost));
    const auto first = std::ranges::find(all, inner_frame, &Link::frame_pointer);
    expect_same(outermost, {first, all.end()});
  }
}

TEST(walk, active_ends_at_an_inner_entry_and_walk_thread_continues) {
  Store store;
  Store other;
  enter_and_nest(store, 2, [&](std::uint64_t outer_frame) {
    for (Store* const inner : {&store, &other}) {
      enter_and_nest(*inner, 3, [&](std::uint64_t inner_frame) {
        expect_walks_through_two_entries(store, *inner, outer_frame, inner_frame);
      });
    }
  });
}

TEST(walk, passes_an_entry_of_another_store_on_the_initial_stack) {
  Store store;
  Store other;
  enter_and_nest(store, 0, [&](std::uint64_t outer_frame) {
    enter_and_nest(other, 3, [&](std::uint64_t inner_frame) {
      expect_walks_through_two_entries(store, other, outer_frame, inner_frame);
    });
  });
}

// The outer entry has resumed nothing.
TEST(walk, passes_an_entry_of_the_same_store_on_the_initial_stack) {
  Store store;
  enter_and_nest(store, 0, [&](std::uint64_t outer_frame) {
    enter_and_nest(store, 3, [&](std::uint64_t inner_frame) {
      expect_walks_through_two_entries(store, store, outer_frame, inner_frame);
    });
  });
}

TEST(walk, of_the_thread_visits_the_frame_that_made_two_entries_once) {
  Store store;
  Store other;
  const Entry entry(store);
  const Entry inner(other);
  const std::uint64_t frame = frame_here(__builtin_frame_address(0));
  run_nested(other, 1, [&] { expect_walks_through_two_entries(store, other, frame, frame); });
}

}  // namespace
}  // namespace fiberproof
