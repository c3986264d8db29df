// abandon: ends a fresh or suspended continuation at once, with its whole chain and with the
// exceptions that it was handling.
#include "core/tests/checked.hpp"

#include "core/tests/counted.hpp"
#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <cstdint>
#include <exception>
#include <span>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const Body nothing(0, 0, [](std::span<Value>) {});
const Body patient(0, 0,
                   [](Store& store, std::span<Value>) { checked::suspend(store, yield.tag); });

TEST(abandon, ends_a_fresh_continuation_without_running_it) {
  Store store;
  const Entry entry(store);
  bool has_run = false;
  Body body(2, 0, [&](std::span<Value>) { has_run = true; });
  const Handle handle = checked::cont_bind(store, checked::cont_new(store, body), numbers(1));
  checked::abandon(store, handle);
  EXPECT_FALSE(has_run);
  EXPECT_EQ(handle.record->state, State::trapped);
  EXPECT_EQ(handle.record->args.capacity, 0u);
  EXPECT_EQ(store.live_count(), 0u);
  checked::resume_to_end(store, checked::cont_new(store, nothing));
}

TEST(abandon, ends_a_suspended_continuation_without_unwinding_it) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    const Counted local(1);
    checked::suspend(store, yield.tag);
  });
  const Handle handle = checked::suspended(store, body, yield.suspends);
  checked::abandon(store, handle);
  EXPECT_EQ(handle.record->state, State::trapped);
  EXPECT_EQ(store.live_count(), 0u);
  EXPECT_EQ(Counted::living, 1) << "frames are not unwound, as continuation.hpp says";
  Counted::living = 0;
}

TEST(abandon, ends_all_stacks_of_a_chain) {
  for (const std::uint64_t depth : {2u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    const Handle other = checked::suspended(store, patient, yield.suspends);
    DeepChain chain([&](Store&) {
      checked::suspend(store, yield.tag);
      return Value{};
    });
    const Handle handle = checked::suspended(store, chain, yield.suspends, numbers(depth));
    EXPECT_EQ(store.live_count(), depth + 1);
    checked::abandon(store, handle);
    EXPECT_EQ(store.live_count(), 1u);
    for (const Continuation& record : store.records()) {
      EXPECT_EQ(record.state, &record == other.record ? State::suspended : State::trapped);
    }
    checked::resume_to_end(store, other);
  }
}

TEST(abandon, ends_all_stacks_of_a_chain_that_a_switch_cut_off) {
  Store store;
  const Entry entry(store);
  const Body returns_handle(1, 1, [](std::span<Value>) {});
  DeepChain chain([&](Store&) {
    checked::switch_to(store, checked::cont_new(store, returns_handle), peer.tag);
    return Value{};
  });
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, chain), numbers(5), peer.switches)[0];
  EXPECT_EQ(store.live_count(), 5u);
  checked::abandon(store, to_handle(left));
  EXPECT_EQ(store.live_count(), 0u);
}

TEST(abandon, keeps_the_stacks_that_the_chain_was_cut_off_from) {
  Store store;
  const Entry entry(store);
  DeepChain inner([&](Store&) {
    checked::suspend(store, yield.tag);
    return Value{};
  });
  Body outer(0, 0, [&](std::span<Value>) {
    checked::abandon(store, checked::suspended(store, inner, yield.suspends, numbers(3)));
    EXPECT_EQ(store.live_count(), 1u);
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  });
  checked::resume_to_end(store, checked::cont_new(store, outer));
}

TEST(abandon, works_in_a_body_and_under_another_entry) {
  Store store;
  const Entry entry(store);
  const Handle first = checked::suspended(store, patient, yield.suspends);
  const Handle second = checked::suspended(store, patient, yield.suspends);
  Body body(0, 0, [&](std::span<Value>) {
    checked::abandon(store, first);
    const Entry inner(store);
    checked::abandon(store, second);
  });
  checked::resume_to_end(store, checked::cont_new(store, body));
  EXPECT_EQ(store.live_count(), 0u);
}

// Exceptions whose handlers never end.

const Body suspends_in_catch(0, 0, [](Store& store, std::span<Value>) {
  in_nested_catch([&] { checked::suspend(store, yield.tag); });
});

TEST(abandon, in_a_catch_block_releases_the_exceptions) {
  Store store;
  const Entry entry(store);
  const Handle handle = checked::suspended(store, suspends_in_catch, yield.suspends);
  EXPECT_EQ(Counted::living, 2);
  checked::abandon(store, handle);
  EXPECT_EQ(Counted::living, 0);
  checked::resume_to_end(store, checked::cont_new(store, nothing));
}

TEST(abandon, in_a_catch_block_keeps_an_exception_with_another_owner) {
  Store store;
  const Entry entry(store);
  std::exception_ptr held;
  Body body(0, 0, [&](std::span<Value>) {
    try {
      throw Counted(1);
    } catch (...) {
      held = std::current_exception();
      checked::suspend(store, yield.tag);
    }
  });
  checked::abandon(store, checked::suspended(store, body, yield.suspends));
  EXPECT_EQ(Counted::living, 1);
  held = nullptr;
  EXPECT_EQ(Counted::living, 0);
}

TEST(abandon, releases_the_exceptions_on_each_stack_of_a_chain) {
  Store store;
  const Entry entry(store);
  Body outer(0, 0, [&](std::span<Value>) {
    try {
      throw Counted(1);
    } catch (...) {
      checked::resume(store, checked::cont_new(store, suspends_in_catch));
    }
  });
  const Handle handle = checked::suspended(store, outer, yield.suspends);
  EXPECT_EQ(Counted::living, 3);
  checked::abandon(store, handle);
  EXPECT_EQ(Counted::living, 0);
}

TEST(abandon, keeps_the_exception_that_the_caller_is_handling) {
  Store store;
  const Entry entry(store);
  const Handle handle = checked::suspended(store, suspends_in_catch, yield.suspends);
  try {
    throw 7;
  } catch (int) {
    checked::abandon(store, handle);
    try {
      throw;
    } catch (int seen) {
      EXPECT_EQ(seen, 7);
    }
  }
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_EQ(Counted::living, 0);
}

/// Nothing releases one that is on its way when its stack is abandoned; it is not lost either.
struct Remembered {
  Remembered() { latest = this; }
  static inline const void* volatile latest = nullptr;  ///< or a compiler leaves it out
};

/// Suspends itself while it is destroyed.
struct SuspendsInDestructor {
  Store& store;
  ~SuspendsInDestructor() { static_cast<void>(suspend(store, yield.tag)); }
};

TEST(abandon, during_unwinding_leaves_no_exception_to_the_next_use_of_the_stack) {
  Store store;
  const Entry entry(store);
  Body unwinds(0, 0, [&](std::span<Value>) {
    const SuspendsInDestructor local{store};
    throw Remembered();
  });
  const Handle handle = checked::suspended(store, unwinds, yield.suspends);
  checked::abandon(store, handle);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  Body next(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    checked::suspend(store, yield.tag);
    EXPECT_EQ(std::uncaught_exceptions(), 0);
  });
  const Handle reused = checked::suspended(store, next, yield.suspends);
  ASSERT_EQ(reused.record, handle.record);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  checked::resume_to_end(store, reused);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

}  // namespace
}  // namespace fiberproof
