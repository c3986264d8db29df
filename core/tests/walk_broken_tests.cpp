// The frame-pointer walk (C6) of chains that were broken on purpose: it stops at the wrong word and
// names it.
#include "core/instrumentation.hpp"
#include "core/tests/second_walk.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

namespace fiberproof {
namespace {

FIBERPROOF_UNINSTRUMENTED std::uint64_t exchange_word(std::uint64_t address, std::uint64_t value) {
  auto* const word = reinterpret_cast<volatile std::uint64_t*>(address);
  const std::uint64_t before = *word;
  *word = value;
  return before;
}

/// Expects the walk of `handle` to break as `expected` says while the word at `address` is `value`.
void expect_break(const Store& store, Handle handle, std::uint64_t address, std::uint64_t value,
                  const BrokenChain& expected, std::size_t frames_before) {
  const std::uint64_t right_word = exchange_word(address, value);
  const Walked walked = walk_suspended(store, handle);
  exchange_word(address, right_word);
  ASSERT_FALSE(walked.ended.has_value());
  const auto& broken = std::get<BrokenChain>(walked.ended.error());
  EXPECT_EQ(broken.reason, expected.reason) << describe(broken);
  EXPECT_EQ(broken.stack, expected.stack);
  EXPECT_EQ(broken.found, expected.found);
  EXPECT_EQ(broken.after, expected.after);
  EXPECT_EQ(walked.frames.size(), frames_before);
}

TEST(walk, reports_where_a_wrong_frame_pointer_leads) {
  using enum BrokenChain::Reason;
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  const std::vector<Frame> frames = walk_suspended(store, chain.handle).frames;
  ASSERT_GT(frames.size(), 5u);
  const StackRecord* const innermost = frames.front().stack;
  const std::uint64_t after = frames[3].frame_pointer;
  const auto expect = [&](BrokenChain::Reason reason, std::uint64_t found) {
    expect_break(store, chain.handle, after, found, {reason, innermost, found, after}, 4);
  };
  ASSERT_EQ(frames[4].stack, innermost);
  expect(misaligned, frames[4].frame_pointer + 8);
  expect(not_above, after);
  expect(not_above, frames[2].frame_pointer);
  expect(off_its_stack, frames.back().frame_pointer);
  expect(off_its_stack, 0);
  // Between the entry trampoline's frame and the frames that it called there can be none.
  expect(off_its_stack, trampoline_frame(*chain.handle.record) - 16);
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {2, 1});
  chain.go_on();
  chain.end();
}

TEST(walk, reports_where_a_wrong_control_context_leads) {
  using enum BrokenChain::Reason;
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  const std::vector<Frame> frames = walk_suspended(store, chain.handle).frames;
  ASSERT_FALSE(frames.empty());
  const Continuation& inner = *chain.handle.record;
  const Continuation& last = *inner.last_ancestor;
  const auto inner_context = reinterpret_cast<std::uint64_t>(inner.control_context);
  const auto last_context = reinterpret_cast<std::uint64_t>(last.control_context);
  const std::uint64_t crossing = trampoline_frame(inner);
  const auto inner_frames = static_cast<std::size_t>(
      std::ranges::count(frames, static_cast<const StackRecord*>(&inner), &Frame::stack));

  // The parent of the innermost stack seems to wait on the innermost stack.
  expect_break(store, chain.handle, inner_context + offsetof(ControlContext, rsp),
               inner.stack->bounds().limit(),
               {off_its_stack, &last, inner.stack->bounds().limit(), crossing}, inner_frames);
  // The chain seems to continue in the stack of the last ancestor.
  const std::uint64_t wrong = frames.back().frame_pointer;
  expect_break(store, chain.handle, last_context + offsetof(ControlContext, rbp), wrong,
               {off_its_stack, &inner, wrong, 0}, 0);
  chain.go_on();
  chain.end();
}

TEST(walk, reports_a_continuation_without_a_parent_in_the_active_chain) {
  Store store;
  const Entry entry(store);
  run_nested(store, 2, [&] {
    auto& inner = static_cast<Continuation&>(*store.active);
    StackRecord* const outer = std::exchange(inner.parent, nullptr);
    const auto ended = walk_active(store, [](const Frame&) { return true; });
    inner.parent = outer;
    ASSERT_FALSE(ended.has_value());
    const auto& broken = std::get<BrokenChain>(ended.error());
    EXPECT_EQ(broken.reason, BrokenChain::Reason::no_parent);
    EXPECT_EQ(broken.stack, &inner);
    EXPECT_EQ(broken.after, trampoline_frame(inner));
  });
}

TEST(walk, rejects_an_endless_chain_of_parents) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  Continuation& inner = *chain.handle.record;
  Continuation& last = *inner.last_ancestor;

  // With another last ancestor, and the innermost stack as the parent of the last one, each word is
  // that of a frame; but there is no cut.
  Body body(0, 0, [](std::span<Value>) {});
  const Handle other = *cont_new(store, &body);
  copy_context(*last.control_context, *other.record->control_context);
  inner.last_ancestor = other.record;
  last.parent = &inner;
  const Walked walked = walk_suspended(store, chain.handle);
  inner.last_ancestor = &last;
  last.parent = nullptr;

  ASSERT_FALSE(walked.ended.has_value());
  const auto& broken = std::get<BrokenChain>(walked.ended.error());
  EXPECT_EQ(broken.reason, BrokenChain::Reason::too_many_stacks);
  chain.go_on();
  chain.end();
  EXPECT_TRUE(abandon(store, other).has_value());
}

TEST(walk, describes_a_broken_chain_with_its_stack_and_its_frame) {
  Continuation seventh;
  seventh.id = 7;
  using enum BrokenChain::Reason;
  EXPECT_EQ(describe(BrokenChain{misaligned, &seventh, 0x1008, 0xff0}),
            "the frame-pointer chain breaks on continuation 7, after the frame at 0xff0: "
            "0x1008 is not aligned");
  StackRecord initial;
  initial.initial = true;
  EXPECT_EQ(describe(BrokenChain{off_its_stack, &initial, 0x1000, 0}),
            "the frame-pointer chain breaks on the initial stack, at its first frame: "
            "0x1000 is not on that stack");
}

}  // namespace
}  // namespace fiberproof
