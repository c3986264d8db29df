// The limits in the store are those of the running stack whenever user code runs, and are restored
// exactly whichever way control comes back (C4).
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"
#include "core/thread_stack.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <span>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

/// The limits here, in a body, which must be those of the stack that this is on.
Limits limits_of_body(const Store& store) {
  EXPECT_FALSE(store.active->initial);
  const auto& self = static_cast<const Continuation&>(*store.active);
  const StackBounds bounds = self.stack->bounds();
  const auto here = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  const Limits limits = store.limits;
  EXPECT_EQ(limits.stack_limit, bounds.limit());
  EXPECT_EQ(limits.trap_handler, &self.trap_handler);
  EXPECT_LT(limits.stack_limit, here);
  EXPECT_LT(here, limits.entry_stack_pointer);
  EXPECT_LE(limits.entry_stack_pointer, limits.entry_frame_pointer);
  EXPECT_LT(limits.entry_frame_pointer, bounds.top);
  return limits;
}

const Body looks(0, 0, [](Store& store, std::span<Value>) { limits_of_body(store); });

/// Looks at its limits before and after each of two suspensions.
const Body looks_and_suspends(0, 0, [](Store& store, std::span<Value>) {
  const Limits own = limits_of_body(store);
  checked::suspend(store, yield.tag);
  EXPECT_EQ(store.limits, own);
  checked::suspend(store, yield.tag);
  EXPECT_EQ(store.limits, own);
});

TEST(limits, on_the_initial_stack_are_those_of_the_thread_and_of_the_entry) {
  Store store;
  const Entry entry(store);
  EXPECT_EQ(store.limits.stack_limit, thread_stack().lowest);
  EXPECT_EQ(store.limits.entry_frame_pointer,
            reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
  EXPECT_LT(store.limits.entry_stack_pointer, store.limits.entry_frame_pointer);
  EXPECT_GT(store.limits.entry_stack_pointer, store.limits.stack_limit);
  EXPECT_EQ(store.limits.trap_handler, &entry.initial().trap_handler);
}

TEST(limits, without_an_entry_are_the_initial_ones) {
  Store store;
  const Limits before = store.limits;
  EXPECT_EQ(before.stack_limit, 0u);
  {
    const Entry entry(store);
    checked::resume_to_end(store, checked::cont_new(store, looks));
  }
  EXPECT_EQ(store.limits, before);
}

TEST(limits, in_a_body_are_those_of_its_stack) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  checked::resume_to_end(store, checked::cont_new(store, looks));
  EXPECT_EQ(store.limits, initial);
  checked::resume_to_end(store, checked::cont_new(store, looks, 128 * 1024));
  EXPECT_EQ(store.limits, initial);
  std::vector<std::byte> memory(32 * 1024);
  Stack stack = *Stack::supply(memory);
  checked::resume_to_end(store, cont_new(store, &looks, stack).value());
  EXPECT_EQ(store.limits, initial);
}

TEST(limits, are_restored_by_suspend_and_by_resume) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  Outcome outcome = checked::resume_to_suspension(
      store, checked::cont_new(store, looks_and_suspends), yield.suspends);
  EXPECT_EQ(store.limits, initial);
  outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends);
  EXPECT_EQ(store.limits, initial);
  checked::resume_to_end(store, outcome.handle);
  EXPECT_EQ(store.limits, initial);
}

TEST(limits, are_restored_when_a_body_traps_or_throws) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  Body fails(0, 0, [&](std::span<Value>) {
    limits_of_body(store);
    return false;
  });
  Body throws(0, 0, [&](std::span<Value>) {
    limits_of_body(store);
    throw 1;
  });
  Body parent(0, 0, [&](std::span<Value>) {
    const Limits own = limits_of_body(store);
    EXPECT_THROW(checked::resume(store, checked::cont_new(store, throws)), int);
    EXPECT_EQ(store.limits, own);
    checked::resume_to_trap(store, checked::cont_new(store, fails));
    EXPECT_EQ(store.limits, own);
  });
  EXPECT_THROW(checked::resume(store, checked::cont_new(store, throws)), int);
  EXPECT_EQ(store.limits, initial);
  checked::resume_to_trap(store, checked::cont_new(store, fails));
  EXPECT_EQ(store.limits, initial);
  checked::resume_to_trap(store, checked::cont_new(store, parent));
  EXPECT_EQ(store.limits, initial);
}

TEST(limits, are_restored_on_every_stack_of_a_deep_chain) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  std::vector<Limits> seen;
  // As DeepChain, but looking around on every stack.
  struct Level : Function {
    std::vector<Limits>& seen;
    explicit Level(std::vector<Limits>& all) : Function(&call, nullptr, 1, 0), seen(all) {}
    static bool call(const FuncRef& self, void* caller_vmctx, Value* values, std::uint32_t) {
      const auto& level = static_cast<const Level&>(self);
      Store& inner = *static_cast<Store*>(caller_vmctx);
      const Limits own = limits_of_body(inner);
      level.seen.push_back(own);
      if (values[0].low == 0) {
        for (int round = 0; round < 3; ++round) {
          checked::suspend(inner, yield.tag);
          EXPECT_EQ(inner.limits, own);
        }
      } else {
        const Value rest{values[0].low - 1, 0};
        checked::resume_to_end(inner, checked::cont_new(inner, level), {&rest, 1});
      }
      EXPECT_EQ(inner.limits, own);
      return true;
    }
  };
  const Level level(seen);
  const Value depth{50, 0};
  Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, level),
                                                  yield.suspends, {&depth, 1});
  EXPECT_EQ(store.limits, initial);
  outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends);
  EXPECT_EQ(store.limits, initial);

  // The rest under another parent.
  Body parent(0, 0, [&](std::span<Value>) {
    const Limits own = limits_of_body(store);
    outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends);
    EXPECT_EQ(store.limits, own);
    checked::resume_to_end(store, outcome.handle);
    EXPECT_EQ(store.limits, own);
  });
  checked::resume_to_end(store, checked::cont_new(store, parent));
  EXPECT_EQ(store.limits, initial);
  EXPECT_EQ(seen.size(), 51u);
}

TEST(limits, follow_each_switch_and_the_return_to_the_handler) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  Body second(1, 1, [&](std::span<Value> values) {
    const Limits own = limits_of_body(store);
    std::array<Value, 1> room;
    checked::switch_to(store, to_handle(values[0]), peer.tag, {}, room);
    EXPECT_EQ(store.limits, own);
    values[0] = room[0];
  });
  Body first(0, 1, [&](std::span<Value> values) {
    const Limits own = limits_of_body(store);
    checked::switch_to(store, checked::cont_new(store, second), peer.tag, {}, values);
    EXPECT_EQ(store.limits, own);
    const Handle to = to_handle(values[0]);
    checked::switch_to(store, to, peer.tag, {}, {});
    EXPECT_EQ(store.limits, own);
  });
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, first), {}, peer.switches)[0];
  EXPECT_EQ(store.limits, initial);
  checked::resume_to_end(store, to_handle(left));
  EXPECT_EQ(store.limits, initial);
}

TEST(limits, are_the_bodys_own_when_resume_throw_enters_it) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  Body body(0, 0, [&](std::span<Value>) {
    const Limits own = limits_of_body(store);
    EXPECT_THROW(checked::suspend(store, yield.tag), int);
    EXPECT_EQ(store.limits, own);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  checked::resume_throw(store, outcome.handle, std::make_exception_ptr(1));
  EXPECT_EQ(store.limits, initial);
  const Handle fresh = checked::cont_new(store, body);
  EXPECT_THROW(checked::resume_throw(store, fresh, std::make_exception_ptr(1)), int);
  EXPECT_EQ(store.limits, initial);
}

TEST(limits, of_waiting_stacks_are_in_their_records) {
  Store store;
  const Entry entry(store);
  const Limits initial = store.limits;
  Body child(0, 0, [&](std::span<Value>) {
    const auto& self = static_cast<const Continuation&>(*store.active);
    const auto& parent = static_cast<const Continuation&>(*self.parent);
    EXPECT_EQ(parent.limits.stack_limit, parent.stack->bounds().limit());
    EXPECT_EQ(parent.limits.trap_handler, &parent.trap_handler);
    EXPECT_EQ(parent.parent->limits, initial);
  });
  Body body(0, 0, [&](std::span<Value>) {
    checked::resume_to_end(store, checked::cont_new(store, child));
    checked::suspend(store, yield.tag);
  });
  const Handle handle = checked::cont_new(store, body);
  EXPECT_EQ(handle.record->limits.stack_limit, handle.record->stack->bounds().limit());
  const Outcome outcome = checked::resume_to_suspension(store, handle, yield.suspends);
  EXPECT_EQ(handle.record->limits.stack_limit, handle.record->stack->bounds().limit());
  checked::resume_to_end(store, outcome.handle);
}

TEST(limits, of_a_reused_fresh_record_name_no_entry) {
  Store store;
  const Entry entry(store);
  for (int round = 0; round < 2; ++round) {
    const Handle fresh = checked::cont_new(store, looks_and_suspends);
    EXPECT_EQ(fresh.record->limits.entry_frame_pointer, 0u);
    EXPECT_EQ(fresh.record->limits.entry_stack_pointer, 0u);
    Outcome outcome = checked::resume_to_suspension(store, fresh, yield.suspends);
    outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends);
    checked::resume_to_end(store, outcome.handle);
  }
}

TEST(limits, of_an_entry_in_a_body_are_those_of_the_bodys_stack) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    const Limits own = limits_of_body(store);
    {
      const Entry inner(store);
      const Limits inside = store.limits;
      EXPECT_EQ(inside.stack_limit, own.stack_limit);
      EXPECT_EQ(inside.entry_frame_pointer,
                reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
      EXPECT_LT(inside.entry_frame_pointer, own.entry_stack_pointer);
      EXPECT_EQ(inside.trap_handler, &inner.initial().trap_handler);
      checked::resume_to_end(store, checked::cont_new(store, looks));
      EXPECT_EQ(store.limits, inside);
    }
    EXPECT_EQ(store.limits, own);
  });
  const Limits initial = store.limits;
  checked::resume_to_end(store, checked::cont_new(store, body));
  EXPECT_EQ(store.limits, initial);
}

}  // namespace
}  // namespace fiberproof
