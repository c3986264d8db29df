// The frame-pointer walk (C6) of suspended and fresh continuations, against a second opinion, and
// the refusals.
#include "core/tests/second_walk.hpp"

#include <gtest/gtest.h>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fiberproof {
namespace {

TEST(walk, lists_the_frames_of_one_suspended_continuation) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 1);
  chain.go_on();
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {1});
  chain.go_on();
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {1});
  chain.end();
}

// Guards Wasmtime issue 14239: the walk began at the context of the innermost stack, which says
// where its parent resumes, and expected the initial stack at the end of a chain that has none.
TEST(walk, of_a_suspended_chain_visits_innermost_to_last_ancestor) {
  for (const std::size_t depth : {2u, 3u, 10u}) {
    Store store;
    const Entry entry(store);
    SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), depth);
    chain.go_on();
    std::vector<std::uint64_t> ids;
    for (std::size_t id = depth; id > 0; --id) ids.push_back(id);
    expect_suspended_walk_is_right(store, chain.handle, chain.noted, ids);
    chain.go_on();
    expect_suspended_walk_is_right(store, chain.handle, chain.noted, ids);
    chain.end();
  }
}

TEST(walk, follows_a_chain_to_the_parent_that_resumed_it_last) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  SuspendedChain chain(store, entry_frame, 3);
  chain.go_on();

  // The second parent is two continuations deep, and gets the chain back, too.
  std::vector<std::uint64_t> ids;
  chain.when_resumed = [&] { ids = stack_ids(expect_active_walk_is_right(store, entry_frame)); };
  run_nested(store, 2, [&] { chain.go_on(); });
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{3, 2, 1, 5, 4, 0}));
  expect_suspended_walk_is_right(store, chain.handle, chain.noted, {3, 2, 1});
  chain.end();
}

TEST(walk, is_right_before_and_after_a_switch_to_another_chain) {
  Store store;
  const Entry entry(store);
  const std::uint64_t entry_frame = frame_here(__builtin_frame_address(0));
  const auto room_for_handle = [&](std::vector<Link>& noted, Handle& peer) {
    Value room[1];
    noted = unwound(entry_frame);
    const auto given = suspend(store, wait_tag, {}, room);
    ASSERT_TRUE(given.has_value());
    peer = to_handle((*given)[0]);
  };
  std::vector<Link> target_noted;
  std::vector<Link> switcher_noted;
  Handle switcher;
  Handle target;

  Body target_body(0, 0, [&](std::span<Value>) {
    run_nested(store, 1, [&] {
      room_for_handle(target_noted, switcher);
      const auto frames = expect_active_walk_is_right(store, entry_frame);
      EXPECT_EQ(stack_ids(frames), (std::vector<std::uint64_t>{2, 1, 0}));
      expect_suspended_walk_is_right(store, switcher, switcher_noted, {5, 4, 3});
    });
  });
  target = resume(store, *cont_new(store, &target_body), {}, on_wait)->handle;
  expect_suspended_walk_is_right(store, target, target_noted, {2, 1});

  Body switcher_body(0, 0, [&](std::span<Value>) {
    run_nested(store, 2, [&] {
      switcher_noted = unwound(entry_frame);
      EXPECT_TRUE(switch_to(store, target, switch_tag).has_value());
    });
  });
  const auto outcome = resume(store, *cont_new(store, &switcher_body), {}, on_both);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Outcome::Kind::returned);
  expect_suspended_walk_is_right(store, switcher, switcher_noted, {5, 4, 3});
  EXPECT_TRUE(resume(store, switcher).has_value());
}

TEST(walk, of_a_fresh_continuation_has_the_trampoline_alone) {
  Store store;
  const Entry entry(store);
  Body body(3, 1, [](std::span<Value>) {});
  const Handle handle = *cont_new(store, &body);
  const Walked walked = walk_suspended(store, handle);
  ASSERT_TRUE(walked.ended.has_value());
  ASSERT_EQ(walked.frames.size(), 1u);
  const Frame& frame = walked.frames.front();
  EXPECT_EQ(frame.kind, Frame::Kind::exact);
  EXPECT_EQ(frame.symbol_address(),
            reinterpret_cast<std::uint64_t>(start_routine(store.options.trampoline)));
  EXPECT_EQ(frame.frame_pointer, trampoline_frame(*handle.record));
  EXPECT_EQ(frame.stack, handle.record);
  EXPECT_TRUE(resume(store, handle, std::vector<Value>(3)).has_value());
}

// Refusals.

TEST(walk, of_a_null_handle_is_refused) {
  const Store store;
  const Walked walked = walk_suspended(store, {});
  ASSERT_FALSE(walked.ended.has_value());
  EXPECT_TRUE(std::holds_alternative<NullHandle>(walked.ended.error()));
  EXPECT_EQ(describe(walked.ended.error()), "a null handle");
}

TEST(walk, of_a_consumed_handle_is_refused_with_both_revisions) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  const Handle fresh = chain.handle;
  chain.go_on();
  const Walked walked = walk_suspended(store, fresh);
  ASSERT_FALSE(walked.ended.has_value());
  EXPECT_TRUE(walked.frames.empty());
  const auto& refused = std::get<ConsumedHandle>(walked.ended.error());
  EXPECT_EQ(refused.continuation, 1u);
  EXPECT_EQ(refused.handle_revision, fresh.revision);
  EXPECT_EQ(refused.current_revision, fresh.record->revision);
  chain.go_on();
  chain.end();
}

TEST(walk, does_not_consume_the_handle) {
  Store store;
  const Entry entry(store);
  SuspendedChain chain(store, frame_here(__builtin_frame_address(0)), 2);
  chain.go_on();
  EXPECT_EQ(links_of(walk_suspended(store, chain.handle).frames),
            links_of(walk_suspended(store, chain.handle).frames));
  chain.go_on();
  chain.end();
}

TEST(walk, without_an_entry_is_refused) {
  const Store store;
  const auto visit = [](const Frame&) { return true; };
  const auto active = walk_active(store, visit);
  const auto thread = walk_thread(visit);
  ASSERT_FALSE(active.has_value());
  ASSERT_FALSE(thread.has_value());
  EXPECT_TRUE(std::holds_alternative<NotEntered>(active.error()));
  EXPECT_TRUE(std::holds_alternative<NotEntered>(thread.error()));
}

}  // namespace
}  // namespace fiberproof
