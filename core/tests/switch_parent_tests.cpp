// Switching between peers: under which parent the peer runs, where its end, its trap and its
// exception go, and what can be done later with the chain that was left.
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"
#include "core/tests/switch_peers.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof {
namespace {

TEST(switch_to, returns_to_the_handlers_stack_not_to_one_between) {
  Store store;
  const Entry entry(store);
  const Continuation* handling = nullptr;
  bool between_went_on = false;
  Body next(1, 1, [&](std::span<Value>) {
    EXPECT_EQ(static_cast<const Continuation*>(store.active)->parent, handling);
  });
  Body switches(0, 0, [&](std::span<Value>) {
    checked::switch_to(store, checked::cont_new(store, next), peer.tag);
  });
  Body between(0, 0, [&](std::span<Value>) {
    checked::resume_to_end(store, checked::cont_new(store, switches), {}, other.switches);
    between_went_on = true;
  });
  Body handles(0, 1, [&](std::span<Value> values) {
    values[0] =
        checked::resume_to_end(store, checked::cont_new(store, between), {}, peer.switches)[0];
    EXPECT_FALSE(between_went_on);
  });
  const Handle handler_handle = checked::cont_new(store, handles);
  handling = handler_handle.record;
  const Value left = checked::resume_to_end(store, handler_handle, {}, peer.switches)[0];
  EXPECT_EQ(store.live_count(), 2u);
  checked::resume_to_end(store, to_handle(left));
  EXPECT_TRUE(between_went_on);
}

TEST(switch_to, a_peer_from_another_parent_returns_to_the_handler) {
  Store store;
  const Entry entry(store);
  Body waits(0, 1,
             [&](std::span<Value> values) { checked::suspend(store, yield.tag, {}, values); });
  Handle waiting;
  Body first_parent(0, 0, [&](std::span<Value>) {
    waiting = checked::resume_to_suspension(store, checked::cont_new(store, waits), yield.suspends)
                  .handle;
  });
  checked::resume_to_end(store, checked::cont_new(store, first_parent));
  Body body(0, 0, [&](std::span<Value>) { checked::switch_to(store, waiting, peer.tag); });
  const Handle handle = checked::cont_new(store, body);
  const Value left = checked::resume_to_end(store, handle, {}, peer.switches)[0];
  EXPECT_EQ(to_handle(left).record, handle.record);
  checked::resume_to_end(store, to_handle(left));
}

TEST(switch_to, leaves_peers_that_can_be_resumed_without_a_handle_as_last_value) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [&](std::span<Value> values) {
    std::array<Value, 3> room;
    const Handle to = checked::cont_new(store, returns_handle);
    EXPECT_TRUE(are_numbers(checked::switch_to(store, to, peer.tag, {}, room), {1, 2}));
    values[0] = number(3);
  });
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, body), {}, peer.switches)[0];
  Body new_parent(0, 1, [&](std::span<Value> values) {
    values[0] = checked::resume_to_end(store, to_handle(left), numbers(1, 2))[0];
  });
  EXPECT_TRUE(
      are_numbers(checked::resume_to_end(store, checked::cont_new(store, new_parent)), {3}));
}

TEST(switch_to, keeps_the_suspend_handlers_for_the_peer) {
  Store store;
  const Entry entry(store);
  Body next(1, 1, [&](std::span<Value> values) {
    const Value left = values[0];
    std::array<Value, 1> room;
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, numbers(1), room), {2}));
    values[0] = left;
  });
  const Handle next_handle = checked::cont_new(store, next);
  Body body(0, 0, [&](std::span<Value>) { checked::switch_to(store, next_handle, peer.tag); });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), both);
  EXPECT_TRUE(are_numbers(outcome.values, {1}));
  EXPECT_EQ(outcome.handle.record, next_handle.record);
  EXPECT_EQ(outcome.handle.record->last_ancestor, next_handle.record);
  const Value left = checked::resume_to_end(store, outcome.handle, numbers(2))[0];
  checked::resume_to_end(store, to_handle(left));
}

TEST(switch_to, a_peer_that_traps_traps_on_the_handlers_stack) {
  Store store;
  const Entry entry(store);
  Handle left;
  Body next(1, 0, [&](std::span<Value> values) {
    left = to_handle(values[0]);
    return false;
  });
  const Handle next_handle = checked::cont_new(store, next);
  Body body(0, 0, [&](std::span<Value>) { checked::switch_to(store, next_handle, peer.tag); });
  const Trap trap =
      checked::resume_to_trap(store, checked::cont_new(store, body), {}, peer.switches);
  EXPECT_EQ(reason<BodyFailed>(trap).continuation, next_handle.record->id);
  checked::resume_to_end(store, left);
}

TEST(switch_to, a_peer_that_throws_throws_on_the_handlers_stack) {
  Store store;
  const Entry entry(store);
  Handle left;
  Body next(1, 0, [&](std::span<Value> values) {
    left = to_handle(values[0]);
    throw 7;
  });
  Body body(0, 0, [&](std::span<Value>) {
    checked::switch_to(store, checked::cont_new(store, next), peer.tag);
  });
  EXPECT_THROW(checked::resume(store, checked::cont_new(store, body), {}, peer.switches), int);
  checked::resume_to_end(store, left);
}

TEST(switch_to, leaves_peers_that_resume_throw_can_enter) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [&](std::span<Value> values) {
    const Handle to = checked::cont_new(store, returns_handle);
    EXPECT_THROW(checked::switch_to(store, to, peer.tag), int);
    values[0] = number(1);
  });
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, body), {}, peer.switches)[0];
  const Outcome outcome = checked::resume_throw(store, to_handle(left), std::make_exception_ptr(1));
  EXPECT_TRUE(are_numbers(outcome.values, {1}));
}

TEST(switch_to, without_a_handler_is_refused_and_the_body_continues) {
  Store store;
  const Entry entry(store);
  Body waits(0, 1,
             [&](std::span<Value> values) { checked::suspend(store, yield.tag, {}, values); });
  for (const Handle to : {checked::cont_new(store, returns_handle),
                          checked::suspended(store, waits, yield.suspends)}) {
    const auto expect_refusal = [&] {
      const auto unhandled =
          reason<UnhandledTag>(refusal_of(store, [&] { return switch_to(store, to, peer.tag); }));
      EXPECT_EQ(unhandled.tag, &peer.tag);
      EXPECT_EQ(unhandled.wanted, UnhandledTag::Wanted::switch_handler);
    };
    expect_refusal();
    DeepChain chain([&](Store&) {
      expect_refusal();
      return number(2);
    });
    for (const Handlers& handlers : {Handlers{}, peer.suspends, other.switches}) {
      EXPECT_TRUE(are_numbers(
          checked::resume_to_end(store, checked::cont_new(store, chain), numbers(3), handlers),
          {2}));
    }
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, to, numbers(4)), {4}));
  }
}

}  // namespace
}  // namespace fiberproof
