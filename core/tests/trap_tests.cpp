// Traps of bodies: a trap ends the continuation, and is raised with its reason on every stack
// outward up to the initial one. Nothing else changes.
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <expected>
#include <span>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const Body nothing(0, 0, [](std::span<Value>) {});
const Body fails(1, 1, [](std::span<Value>) { return false; });

/// A reason that no operation would give here.
const TooManyValues own_reason{123, 4, 5};
const Body fails_with_reason(1, 1, [](std::span<Value>) -> std::expected<void, Trap> {
  return std::unexpected(own_reason);
});

bool is_own_reason(const Trap& trap) {
  const auto& seen = reason<TooManyValues>(trap);
  return seen.given == 123 && seen.length == 4 && seen.capacity == 5;
}

TEST(trap, ends_the_continuation_and_clears_its_values) {
  Store store;
  const Entry entry(store);
  const Handle handle = checked::cont_bind(store, checked::cont_new(store, fails), numbers(1));
  const Trap trap = checked::resume_to_trap(store, handle);
  EXPECT_EQ(reason<BodyFailed>(trap).continuation, 1u);
  const Continuation& record = *handle.record;
  EXPECT_EQ(record.state, State::trapped);
  EXPECT_EQ(record.parent, nullptr);
  EXPECT_EQ(record.args.length, 0u);
  EXPECT_EQ(record.args.capacity, 0u);
  EXPECT_EQ(record.args.data, nullptr);
  EXPECT_EQ(record.values.capacity, 0u);
  EXPECT_EQ(store.active, &entry.initial());
  EXPECT_EQ(entry.initial().state, State::running);
  EXPECT_EQ(store.live_count(), 0u);
}

TEST(trap, after_a_suspension_clears_the_received_values) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    std::array<Value, 2> room;
    checked::suspend(store, yield.tag, {}, room);
    return false;
  });
  const Handle handle = checked::cont_new(store, body);
  const Outcome outcome = checked::resume_to_suspension(store, handle, yield.suspends);
  checked::resume_to_trap(store, outcome.handle, numbers(1, 2));
  EXPECT_EQ(handle.record->values.length, 0u);
  EXPECT_EQ(handle.record->values.capacity, 0u);
}

TEST(trap, of_every_reason_reaches_the_outside_from_every_depth) {
  const std::array<Trap, 8> reasons{NullFunction{},
                                    StackTooSmall{1, 2},
                                    StackError{StackError::Reason::not_mapped, 3, ENOMEM},
                                    NullHandle{},
                                    ConsumedHandle{4, 5, 6},
                                    TooManyValues{7, 8, 9},
                                    UnhandledTag{&peer.tag, UnhandledTag::Wanted::switch_handler},
                                    BodyFailed{10}};
  for (const Trap& given : reasons) {
    const Body body(
        0, 0, [&](std::span<Value>) { return std::expected<void, Trap>(std::unexpected(given)); });
    for (const std::uint64_t depth : {1u, 3u, 100u}) {
      Store store;
      const Entry entry(store);
      DeepChain chain([&](Store&) {
        checked::resume_to_trap(store, checked::cont_new(store, body));
        return Value{};
      });
      const Trap seen =
          checked::resume_to_trap(store, checked::cont_new(store, chain), numbers(depth));
      EXPECT_EQ(seen.index(), given.index());
      EXPECT_EQ(describe(seen), describe(given)) << "which has all of its numbers";
      EXPECT_EQ(store.live_count(), 0u);
      checked::resume_to_end(store, checked::cont_new(store, nothing));
    }
  }
}

TEST(trap, without_a_reason_names_the_continuation_whose_body_failed) {
  Store store;
  const Entry entry(store);
  DeepChain chain([&](Store&) {
    const auto trap = checked::resume_to_trap(store, checked::cont_new(store, fails));
    EXPECT_EQ(reason<BodyFailed>(trap).continuation, 4u);
    return Value{};
  });
  const auto trap = checked::resume_to_trap(store, checked::cont_new(store, chain), numbers(3));
  EXPECT_EQ(reason<BodyFailed>(trap).continuation, 4u) << "not one that it was re-raised in";
}

TEST(trap, refuses_every_further_operation_of_the_stack) {
  Store store;
  const Entry entry(store);
  Body patient(0, 0, [&](std::span<Value>) { checked::suspend(store, yield.tag); });
  const Handle fresh = checked::cont_new(store, nothing);
  const Handle waiting =
      checked::resume_to_suspension(store, checked::cont_new(store, patient), yield.suspends)
          .handle;
  Stack stack = *Stack::map(64 * 1024);
  Body body(0, 0, [&](std::span<Value>) {
    EXPECT_TRUE(
        is_own_reason(checked::resume_to_trap(store, checked::cont_new(store, fails_with_reason))));
    const auto expect_refusal = [&](auto operation) {
      EXPECT_TRUE(is_own_reason(refusal_of(store, operation)));
    };
    expect_refusal([&] { return cont_new(store, &nothing); });
    expect_refusal([&] { return cont_new(store, nullptr); });
    expect_refusal([&] { return cont_new(store, &nothing, stack); });
    expect_refusal([&] { return suspend(store, yield.tag); });
    expect_refusal([&] { return suspend(store, peer.tag); });
    for (const Handle handle : {fresh, waiting, Handle{}, Handle{fresh.record, 999}}) {
      expect_refusal([&] { return cont_bind(store, handle, {}); });
      expect_refusal([&] { return abandon(store, handle); });
      expect_refusal([&] { return resume(store, handle); });
      expect_refusal([&] { return resume(store, handle, numbers(1, 2, 3)); });
      expect_refusal([&] { return resume_throw(store, handle, std::make_exception_ptr(1)); });
      expect_refusal([&] { return switch_to(store, handle, peer.tag); });
    }
  });
  const std::array<const Tag*, 2> tags{&yield.tag, &peer.tag};
  EXPECT_TRUE(
      is_own_reason(checked::resume_to_trap(store, checked::cont_new(store, body), {}, {tags, 1})));

  // On the initial stack it is over, and neither of the others was touched.
  checked::resume_to_end(store, fresh);
  checked::resume_to_end(store, waiting);
}

TEST(trap, is_raised_again_whatever_the_body_returns) {
  Store store;
  const Entry entry(store);
  const auto expect_trap = [&](const Function& parent) {
    EXPECT_TRUE(is_own_reason(checked::resume_to_trap(store, checked::cont_new(store, parent))));
    EXPECT_EQ(store.raised, nullptr);
    EXPECT_FALSE(store.trap.has_value());
  };
  const auto fail_inside = [&] {
    checked::resume_to_trap(store, checked::cont_new(store, fails_with_reason));
  };
  Body succeeds(0, 1, [&](std::span<Value>) { fail_inside(); });
  expect_trap(succeeds);
  Body fails_too(0, 1, [&](std::span<Value>) {
    fail_inside();
    return false;
  });
  expect_trap(fails_too);
  Body has_another_reason(0, 1, [&](std::span<Value>) -> std::expected<void, Trap> {
    fail_inside();
    return std::unexpected(NullHandle{});
  });
  expect_trap(has_another_reason);
  Body throws(0, 1, [&](std::span<Value>) {
    fail_inside();
    throw 1;
  });
  expect_trap(throws);
  Body catches(0, 1, [&](std::span<Value>) {
    try {
      fail_inside();
      throw 1;
    } catch (int) {
    }
  });
  expect_trap(catches);
}

TEST(trap, ends_on_the_initial_stack) {
  Store store;
  const Entry entry(store);
  for (int round = 0; round < 3; ++round) {
    reason<BodyFailed>(checked::resume_to_trap(store, checked::cont_new(store, fails)));
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  }
}

TEST(trap, does_not_affect_other_continuations) {
  Store store;
  const Entry entry(store);
  Body counts(0, 1, [&](std::span<Value> values) {
    std::array<Value, 1> room;
    checked::suspend(store, yield.tag, numbers(1), room);
    checked::suspend(store, yield.tag, numbers(2), room);
    values[0] = room[0];
  });
  DeepChain deep(
      [&](Store&) { return checked::resume_to_end(store, checked::cont_new(store, counts))[0]; });
  Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, deep),
                                                  yield.suspends, numbers(3));
  const Handle fresh = checked::cont_bind(store, checked::cont_new(store, deep), numbers(1));
  DeepChain failing([&](Store&) {
    checked::resume_to_trap(store, checked::cont_new(store, fails));
    return Value{};
  });
  checked::resume_to_trap(store, checked::cont_new(store, failing), numbers(5));
  EXPECT_EQ(store.live_count(), 5u);
  outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends, numbers(8));
  EXPECT_TRUE(are_numbers(outcome.values, {2}));
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, outcome.handle, numbers(9)), {9}));
  checked::abandon(store, fresh);
}

TEST(trap, of_a_chain_with_a_new_parent_is_raised_there) {
  Store store;
  const Entry entry(store);
  DeepChain chain([&](Store&) {
    checked::suspend(store, yield.tag);
    checked::resume_to_trap(store, checked::cont_new(store, fails_with_reason));
    return Value{};
  });
  Handle orphan;
  Body first_parent(0, 0, [&](std::span<Value>) {
    orphan = checked::resume_to_suspension(store, checked::cont_new(store, chain), yield.suspends,
                                           numbers(3))
                 .handle;
  });
  checked::resume_to_end(store, checked::cont_new(store, first_parent));
  bool went_on = false;
  Body new_parent(0, 0, [&](std::span<Value>) {
    EXPECT_TRUE(is_own_reason(checked::resume_to_trap(store, orphan)));
    went_on = true;
  });
  EXPECT_TRUE(is_own_reason(checked::resume_to_trap(store, checked::cont_new(store, new_parent))));
  EXPECT_TRUE(went_on);
  EXPECT_EQ(store.live_count(), 0u);
}

TEST(trap, is_not_raised_by_a_refusal_that_the_body_ignores) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [&](std::span<Value> values) {
    reason<NullFunction>(trap_of(cont_new(store, nullptr)));
    reason<NullHandle>(trap_of(resume(store, {})));
    reason<UnhandledTag>(trap_of(suspend(store, peer.tag)));
    checked::suspend(store, yield.tag);
    values[0] = number(1);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, outcome.handle), {1}));
}

TEST(trap, may_be_a_refusal_that_the_body_returns) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) -> std::expected<void, Trap> {
    const auto received = suspend(store, peer.tag);
    return received ? std::expected<void, Trap>() : std::unexpected(received.error());
  });
  const Trap trap =
      checked::resume_to_trap(store, checked::cont_new(store, body), {}, yield.suspends);
  EXPECT_EQ(reason<UnhandledTag>(trap).tag, &peer.tag);
}

TEST(trap, of_a_raw_function_is_the_result_false) {
  Store store;
  const Entry entry(store);
  const Function function([](const FuncRef&, void*, Value*, std::uint32_t) { return false; },
                          nullptr, 0, 3);
  EXPECT_EQ(reason<BodyFailed>(checked::resume_to_trap(store, checked::cont_new(store, function)))
                .continuation,
            1u);
}

TEST(trap, of_every_second_continuation_leaves_no_stack_behind) {
  Store store;
  const Entry entry(store);
  for (int round = 0; round < 100; ++round) {
    checked::resume_to_trap(store, checked::cont_new(store, fails));
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  }
  EXPECT_EQ(store.live_count(), 0u);
  EXPECT_EQ(store.records().size(), 1u);
}

}  // namespace
}  // namespace fiberproof
