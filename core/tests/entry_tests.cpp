// Entries: where chains begin and end. A body that enters its store again, or another one, starts a
// new chain; the chain that the body is part of does not change.
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <array>
#include <exception>
#include <functional>
#include <span>
#include <string>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const std::array<const Tag*, 2> both_tags{&yield.tag, &peer.tag};
const Handlers both{both_tags, 1};

const Body nothing(0, 0, [](std::span<Value>) {});
const Body fails(0, 0, [](std::span<Value>) { return false; });

/// Suspends itself once and returns what it is given.
const Body yields(0, 1, [](Store& store, std::span<Value> values) {
  checked::suspend(store, yield.tag, numbers(1), values);
});

/// Runs `action` in a body whose resumer handles `yield` and switches to `peer`.
template <class Action>
void run_in_body(Store& store, Action action) {
  Body body(0, 0, [&](std::span<Value>) { action(); });
  checked::resume_to_end(store, checked::cont_new(store, body), {}, both);
}

TEST(entry, makes_the_native_stack_the_initial_one_until_it_closes) {
  Store store;
  EXPECT_EQ(store.active, nullptr);
  check_invariants(store);
  {
    const Entry entry(store);
    EXPECT_EQ(store.active, &entry.initial());
    EXPECT_TRUE(entry.initial().initial);
    EXPECT_EQ(entry.initial().state, State::running);
    EXPECT_EQ(entry.outer_active(), nullptr);
    EXPECT_EQ(entry.outer_of_thread(), nullptr);
    EXPECT_EQ(Entry::innermost_of_thread(), &entry);
    check_invariants(store);
  }
  EXPECT_EQ(store.active, nullptr);
  EXPECT_EQ(store.entry, nullptr);
  EXPECT_EQ(Entry::innermost_of_thread(), nullptr);
  check_invariants(store);
}

TEST(entry, in_a_body_starts_a_new_chain_and_restores_the_old_one) {
  Store store;
  const Entry entry(store);
  DeepChain chain([&](Store&) {
    const StackRecord* const body = store.active;
    const std::string before = everything_in(store);
    {
      const Entry inner(store);
      EXPECT_EQ(inner.outer_active(), body);
      EXPECT_EQ(inner.outer_of_thread(), &entry);
      EXPECT_EQ(store.active, &inner.initial());
      EXPECT_EQ(body->state, State::running) << "as far as its own chain goes";
      check_invariants(store);
      checked::resume_to_end(store, checked::cont_new(store, nothing));
      run_in_body(store, [&] { checked::resume_to_end(store, checked::cont_new(store, nothing)); });
    }
    EXPECT_EQ(everything_in(store), before);
    check_invariants(store);
    return number(1);
  });
  EXPECT_TRUE(
      are_numbers(checked::resume_to_end(store, checked::cont_new(store, chain), numbers(3)), {1}));
}

TEST(entry, in_a_body_ends_the_traps_inside_it) {
  Store store;
  const Entry entry(store);
  run_in_body(store, [&] {
    {
      const Entry inner(store);
      DeepChain chain([&](Store&) {
        checked::resume_to_trap(store, checked::cont_new(store, fails));
        return Value{};
      });
      reason<BodyFailed>(
          checked::resume_to_trap(store, checked::cont_new(store, chain), numbers(3)));
      checked::resume_to_end(store, checked::cont_new(store, nothing));
    }
    checked::resume_to_end(store, checked::cont_new(store, nothing));
    checked::abandon(store, checked::cont_new(store, nothing));
  });
}

TEST(entry, in_a_body_lets_an_exception_pass) {
  Store store;
  const Entry entry(store);
  const Body throws(0, 0, [](std::span<Value>) { throw 1; });
  bool caught = false;
  run_in_body(store, [&] {
    const StackRecord* const body = store.active;
    try {
      const Entry inner(store);
      checked::resume(store, checked::cont_new(store, throws));
    } catch (int) {
      caught = true;
    }
    EXPECT_EQ(store.active, body);
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  });
  EXPECT_TRUE(caught);
}

TEST(entry, stops_suspensions_and_switches) {
  Store store;
  const Entry entry(store);
  run_in_body(store, [&] {
    const Entry inner(store);
    const Handle to = checked::cont_new(store, yields);
    const auto expect_refusals = [&] {
      const auto suspension =
          reason<UnhandledTag>(refusal_of(store, [&] { return suspend(store, yield.tag); }));
      EXPECT_EQ(suspension.wanted, UnhandledTag::Wanted::suspend_handler);
      const auto switching =
          reason<UnhandledTag>(refusal_of(store, [&] { return switch_to(store, to, peer.tag); }));
      EXPECT_EQ(switching.wanted, UnhandledTag::Wanted::switch_handler);
    };
    expect_refusals();
    Body body(0, 0, [&](std::span<Value>) { expect_refusals(); });
    checked::resume_to_end(store, checked::cont_new(store, body));
    checked::abandon(store, to);
  });
}

TEST(entry, in_a_body_can_use_outer_handles) {
  Store store;
  const Entry entry(store);
  DeepChain chain([&](Store&) {
    std::array<Value, 1> room;
    checked::suspend(store, yield.tag, numbers(1), room);
    return room[0];
  });
  const Handle from_outside = checked::resume_to_suspension(store, checked::cont_new(store, chain),
                                                            yield.suspends, numbers(3))
                                  .handle;
  const Handle fresh = checked::cont_new(store, yields);
  Handle from_inside;
  run_in_body(store, [&] {
    const Entry inner(store);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, from_outside, numbers(2)), {2}));
    from_inside = checked::resume_to_suspension(store, fresh, yield.suspends).handle;
  });
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, from_inside, numbers(4)), {4}));
}

TEST(entry, resumes_what_was_suspended_under_an_earlier_entry) {
  Store store;
  Handle handle;
  {
    const Entry entry(store);
    handle = checked::resume_to_suspension(store, checked::cont_new(store, yields), yield.suspends)
                 .handle;
  }
  check_invariants(store);
  const Entry entry(store);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle, numbers(2)), {2}));
}

TEST(entry, nests_deeply_in_bodies_and_in_other_entries) {
  Store store;
  const std::function<void(int)> nest = [&](int depth) {
    const Entry entry(store);
    const Entry again(store);
    EXPECT_EQ(again.outer_active(), &entry.initial());
    check_invariants(store);
    if (depth > 0) {
      run_in_body(store, [&] { nest(depth - 1); });
    }
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  };
  nest(50);
  EXPECT_EQ(store.active, nullptr);
  EXPECT_EQ(store.live_count(), 0u);
}

TEST(entry, in_a_catch_block_hides_the_handled_exception_until_it_closes) {
  Store store;
  const Entry entry(store);
  Body sees_none(0, 0, [](std::span<Value>) { EXPECT_EQ(std::current_exception(), nullptr); });
  run_in_body(store, [&] {
    try {
      throw 7;
    } catch (int) {
      const Entry inner(store);
      checked::resume_to_end(store, checked::cont_new(store, sees_none));
      try {
        throw;
      } catch (int seen) {
        EXPECT_EQ(seen, 7);
      }
    }
  });
}

}  // namespace
}  // namespace fiberproof
