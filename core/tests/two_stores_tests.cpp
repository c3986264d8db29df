// Several stores: on one thread, with an entry of one inside a body of the other, and on threads of
// their own; and one store that moves from thread to thread.
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <thread>

namespace fiberproof {
namespace {

const NamedTag yield("yield");

const Body nothing(0, 0, [](std::span<Value>) {});
const Body fails(0, 0, [](std::span<Value>) { return false; });

/// Suspends itself once and returns what it is given.
const Body yields(0, 1, [](Store& store, std::span<Value> values) {
  checked::suspend(store, yield.tag, numbers(1), values);
});

/// Runs `action` in a body.
template <class Action>
void run_in_body(Store& store, Action action) {
  Body body(0, 0, [&](std::span<Value>) { action(); });
  checked::resume_to_end(store, checked::cont_new(store, body));
}

TEST(two_stores, on_one_thread_have_chains_and_limits_of_their_own) {
  Store outer_store;
  Store inner_store;
  const Entry entry(outer_store);
  Handle suspended_inside;
  run_in_body(outer_store, [&] {
    const std::string before = everything_in(outer_store);
    const Limits outer_limits = outer_store.limits;
    {
      const Entry inner(inner_store);
      EXPECT_EQ(inner.outer_active(), nullptr);
      EXPECT_EQ(inner.outer_of_thread(), &entry);
      EXPECT_EQ(inner_store.limits.stack_limit, outer_limits.stack_limit) << "on the same stack";
      suspended_inside = checked::resume_to_suspension(
                             inner_store, checked::cont_new(inner_store, yields), yield.suspends)
                             .handle;
      reason<BodyFailed>(
          checked::resume_to_trap(inner_store, checked::cont_new(inner_store, fails)));
      EXPECT_EQ(everything_in(outer_store), before);
      check_invariants(outer_store);
      check_invariants(inner_store);
    }
    EXPECT_EQ(inner_store.active, nullptr);
    EXPECT_EQ(everything_in(outer_store), before);
  });
  const Entry inner(inner_store);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(inner_store, suspended_inside, numbers(2)), {2}));
}

TEST(two_stores, keep_their_suspended_continuations_apart) {
  Store outer_store;
  Store inner_store;
  const Entry entry(outer_store);
  Handle inside;
  Body body(0, 1, [&](std::span<Value> values) {
    {
      const Entry inner(inner_store);
      inside = checked::resume_to_suspension(inner_store, checked::cont_new(inner_store, yields),
                                             yield.suspends)
                   .handle;
    }
    checked::suspend(outer_store, yield.tag, numbers(5), values);
    const Entry inner(inner_store);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(inner_store, inside, numbers(6)), {6}));
  });
  const Outcome outcome = checked::resume_to_suspension(
      outer_store, checked::cont_new(outer_store, body), yield.suspends);
  EXPECT_TRUE(are_numbers(outcome.values, {5}));
  EXPECT_TRUE(are_numbers(checked::resume_to_end(outer_store, outcome.handle, numbers(7)), {7}));
}

TEST(two_stores, may_take_turns_in_entering_each_other) {
  Store first;
  Store second;
  const std::function<void(Store&, Store&, int)> nest = [&](Store& here, Store& there, int depth) {
    const Entry entry(here);
    check_invariants(here);
    check_invariants(there);
    if (depth > 0) {
      run_in_body(here, [&] { nest(there, here, depth - 1); });
    }
    check_invariants(here);
    check_invariants(there);
    checked::resume_to_end(here, checked::cont_new(here, nothing));
  };
  nest(first, second, 20);
  EXPECT_EQ(first.active, nullptr);
  EXPECT_EQ(second.active, nullptr);
}

TEST(two_stores, pass_an_exception_from_the_inner_to_the_outer) {
  Store outer_store;
  Store inner_store;
  const Entry entry(outer_store);
  const Body throws(0, 0, [](std::span<Value>) { throw 3; });
  Body body(0, 0, [&](std::span<Value>) {
    const Entry inner(inner_store);
    checked::resume(inner_store, checked::cont_new(inner_store, throws));
  });
  EXPECT_THROW(checked::resume(outer_store, checked::cont_new(outer_store, body)), int);
  EXPECT_EQ(inner_store.active, nullptr);
}

// Threads.

TEST(store, may_move_to_another_thread_between_entries) {
  Store store;
  Body body(0, 1, [&](std::span<Value> values) {
    try {
      throw 7;
    } catch (int) {
      checked::suspend(store, yield.tag, numbers(1), values);
      try {
        throw;
      } catch (int seen) {
        EXPECT_EQ(seen, 7);
      }
    }
    EXPECT_EQ(std::current_exception(), nullptr);
  });
  Handle handle;
  {
    const Entry entry(store);
    handle =
        checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends).handle;
  }
  std::thread([&] {
    const Entry entry(store);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle, numbers(2)), {2}));
    EXPECT_EQ(std::current_exception(), nullptr);
  }).join();
  const Entry entry(store);
  checked::resume_to_end(store, checked::cont_new(store, nothing));
}

TEST(store, of_each_thread_is_independent) {
  std::array<std::thread, 4> threads;
  for (std::uint64_t which = 0; which < threads.size(); ++which) {
    threads[which] = std::thread([which] {
      Store store;
      const Entry entry(store);
      EXPECT_EQ(Entry::innermost_of_thread(), &entry);
      for (std::uint64_t round = 0; round < 200; ++round) {
        DeepChain chain([&](Store&) {
          std::array<Value, 1> room;
          checked::suspend(store, yield.tag, {}, room);
          return room[0];
        });
        const Outcome outcome = checked::resume_to_suspension(
            store, checked::cont_new(store, chain), yield.suspends, numbers(1 + round % 4));
        const std::uint64_t sent = which * 1000 + round;
        EXPECT_TRUE(
            are_numbers(checked::resume_to_end(store, outcome.handle, numbers(sent)), {sent}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace fiberproof
