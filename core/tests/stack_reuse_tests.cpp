// Stack reuse: no stack is given away while it can be reached, none is freed twice, and all are
// freed in the end (C7).
#include "core/tests/checked.hpp"

#include "core/tests/counted.hpp"
#include "core/tests/deep_chain.hpp"

#include <sys/mman.h>

#include <gtest/gtest.h>
#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");

const Body nothing(0, 0, [](std::span<Value>) {});
const Body patient(0, 0,
                   [](Store& store, std::span<Value>) { checked::suspend(store, yield.tag); });

bool is_mapped(std::uint64_t address) {
  void* const page = reinterpret_cast<void*>(address / page_bytes() * page_bytes());
  return ::msync(page, page_bytes(), MS_ASYNC) == 0 || errno != ENOMEM;
}

TEST(stacks, are_reused_for_the_next_continuation) {
  Store store;
  const Entry entry(store);
  const Handle first = checked::cont_new(store, nothing);
  const std::uint64_t top = first.record->stack->bounds().top;
  checked::resume_to_end(store, first);
  const Handle second = checked::cont_new(store, nothing);
  EXPECT_EQ(second.record->stack->bounds().top, top);
  checked::abandon(store, second);
  const Handle third = checked::cont_new(store, patient);
  EXPECT_EQ(third.record->stack->bounds().top, top);
  EXPECT_EQ(third.record->parent, nullptr);
  checked::resume_to_end(store, checked::resume_to_suspension(store, third, yield.suspends).handle);
}

TEST(stacks, in_use_are_never_given_to_another) {
  Store store;
  const Entry entry(store);
  std::vector<Handle> waiting;
  for (int round = 0; round < 50; ++round) {
    waiting.push_back(round % 2 == 0 ? checked::suspended(store, patient, yield.suspends)
                                     : checked::cont_new(store, patient));
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  }
  EXPECT_EQ(store.live_count(), waiting.size());
  for (const Handle handle : waiting) checked::abandon(store, handle);
}

TEST(stacks, of_different_sizes_are_not_shared) {
  Store store;
  const Entry entry(store);
  for (const std::uint64_t pages : {4u, 8u, 4u, 64u, 8u, 4u}) {
    const Handle handle = checked::cont_new(store, nothing, pages * page_bytes());
    EXPECT_EQ(handle.record->stack->bounds().usable_bytes, pages * page_bytes());
    checked::resume_to_end(store, handle);
  }
}

TEST(stacks, of_the_caller_stay_the_callers_and_can_be_reused) {
  Stack stack = *Stack::map(64 * 1024);
  std::vector<std::byte> memory(64 * 1024);
  Stack supplied = *Stack::supply(memory);
  {
    Store store;
    const Entry entry(store);
    for (Stack* const mine : {&stack, &supplied, &stack, &supplied}) {
      const Handle returned = cont_new(store, &nothing, *mine).value();
      EXPECT_EQ(returned.record->stack, mine);
      checked::resume_to_end(store, returned);
      EXPECT_EQ(returned.record->stack, nullptr);
      const Handle fresh = cont_new(store, &patient, *mine).value();
      const Outcome outcome = checked::resume_to_suspension(store, fresh, yield.suspends);
      checked::abandon(store, outcome.handle);
    }
    checked::resume_to_suspension(store, cont_new(store, &patient, stack).value(), yield.suspends);
    static_cast<void>(cont_new(store, &patient, supplied).value());
  }
  EXPECT_TRUE(is_mapped(stack.bounds().limit()));
  *reinterpret_cast<volatile char*>(stack.bounds().limit()) = 1;
}

TEST(stacks, of_the_callers_pool_stay_the_callers) {
  StackPool pool;
  Stack& stack = **pool.acquire(64 * 1024);
  {
    Store store;
    const Entry entry(store);
    checked::resume_to_end(store, cont_new(store, &nothing, stack).value());
  }
  EXPECT_EQ(pool.used_count(), 1u);
  pool.release(stack);
}

TEST(stacks, are_kept_up_to_kept_max) {
  Store store({.stacks = {.kept_max = 2}});
  const Entry entry(store);
  std::vector<Handle> waiting;
  std::vector<std::uint64_t> tops;
  for (int count = 0; count < 10; ++count) {
    waiting.push_back(checked::suspended(store, patient, yield.suspends));
    tops.push_back(waiting.back().record->stack->bounds().top - 1);
  }
  for (const Handle handle : waiting) checked::resume_to_end(store, handle);
  // Two with their records, two in the pool, and the one that was released last.
  EXPECT_LE(std::ranges::count_if(tops, is_mapped), 5);
}

// The end of the store.

const Body suspends_in_catch(0, 0, [](Store& store, std::span<Value>) {
  in_nested_catch([&] { checked::suspend(store, yield.tag); });
});

TEST(store, releases_continuations_that_have_not_ended) {
  std::vector<std::uint64_t> tops;
  {
    Store store;
    {
      const Entry entry(store);
      DeepChain chain([&](Store&) {
        checked::suspend(store, yield.tag);
        return Value{};
      });
      checked::resume_to_end(store, checked::cont_new(store, nothing));
      checked::cont_new(store, nothing);
      checked::suspended(store, patient, yield.suspends);
      checked::suspended(store, chain, yield.suspends, numbers(10));
      checked::suspended(store, suspends_in_catch, yield.suspends);
      checked::cont_bind(store, checked::suspended(store, chain, yield.suspends, numbers(1)), {});
    }
    for (const Continuation& record : store.records()) {
      tops.push_back(record.stack->bounds().top - 1);
    }
    EXPECT_EQ(store.live_count(), 14u);
    EXPECT_EQ(Counted::living, 2);
    EXPECT_TRUE(std::ranges::all_of(tops, is_mapped));
  }
  EXPECT_EQ(Counted::living, 0);
  EXPECT_TRUE(std::ranges::none_of(tops, is_mapped));
}

TEST(store, that_was_never_entered_has_nothing_to_release) {
  const Store store;
  check_invariants(store);
  EXPECT_EQ(store.live_count(), 0u);
  EXPECT_EQ(store.created_count(), 0u);
}

}  // namespace
}  // namespace fiberproof
