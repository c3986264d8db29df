// cont_new: the state of a new continuation, and the refusals.
#include "core/layout.hpp"
#include "core/tests/checked.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof {
namespace {

const Body nothing(0, 0, [](std::span<Value>) {});
const Body takes_one(1, 1, [](std::span<Value>) {});

TEST(continuation, ids_count_from_one) {
  Store store;
  const Entry entry(store);
  const Handle first = checked::cont_new(store, nothing);
  const Handle second = checked::cont_new(store, nothing);
  EXPECT_EQ(first.record->id, 1u);
  EXPECT_EQ(second.record->id, 2u);
  checked::resume_to_end(store, first);
  EXPECT_EQ(checked::cont_new(store, nothing).record->id, 3u);
  EXPECT_EQ(store.created_count(), 3u);
  EXPECT_EQ(store.live_count(), 2u);
}

TEST(cont_new, refuses_a_null_function) {
  Store store;
  const Entry entry(store);
  Stack stack = *Stack::map(64 * 1024);
  const auto expect_refusal = [&] {
    reason<NullFunction>(refusal_of(store, [&] { return cont_new(store, nullptr); }));
    reason<NullFunction>(refusal_of(store, [&] { return cont_new(store, nullptr, 8192); }));
    reason<NullFunction>(refusal_of(store, [&] { return cont_new(store, nullptr, stack); }));
  };
  expect_refusal();
  Body body(0, 0, [&](std::span<Value>) { expect_refusal(); });
  checked::resume_to_end(store, checked::cont_new(store, body));
}

TEST(cont_new, refuses_a_stack_that_is_too_small_with_both_sizes) {
  Store store;
  const Entry entry(store);
  const Function large(nullptr, nullptr, 4096, 0);
  const auto from_pool =
      reason<StackTooSmall>(refusal_of(store, [&] { return cont_new(store, &large, 8192); }));
  EXPECT_EQ(from_pool.usable_bytes, 8192u);
  EXPECT_EQ(from_pool.required_bytes, 0x40u + 16 * 4096 + headroom_bytes);
  alignas(16) std::array<std::byte, 512> memory{};
  Stack supplied = *Stack::supply(memory);
  const auto from_caller =
      reason<StackTooSmall>(refusal_of(store, [&] { return cont_new(store, &nothing, supplied); }));
  EXPECT_EQ(from_caller.usable_bytes, 512u);
  EXPECT_EQ(from_caller.required_bytes, 0x40u + headroom_bytes);
}

TEST(cont_new, refuses_a_stack_that_cannot_be_mapped_with_its_size) {
  Store store;
  const Entry entry(store);
  const std::uint64_t too_large = std::uint64_t{1} << 47;
  const auto refused =
      reason<StackError>(refusal_of(store, [&] { return cont_new(store, &nothing, too_large); }));
  EXPECT_EQ(refused.reason, StackError::Reason::too_large);
  EXPECT_EQ(refused.requested_bytes, too_large);
  EXPECT_EQ(refused.system_error, 0);
}

TEST(cont_new, refuses_a_size_that_wraps_when_rounded_to_pages) {
  Store store;
  const Entry entry(store);
  for (const std::uint64_t bytes : {~std::uint64_t{0}, ~std::uint64_t{0} - 4094}) {
    const auto refused =
        reason<StackError>(refusal_of(store, [&] { return cont_new(store, &nothing, bytes); }));
    EXPECT_EQ(refused.reason, StackError::Reason::too_large);
    EXPECT_GE(refused.requested_bytes, bytes);
  }
}

TEST(cont_new, makes_nothing_if_it_refuses) {
  Store store;
  const Entry entry(store);
  const Function large(nullptr, nullptr, 4096, 0);
  reason<StackTooSmall>(refusal_of(store, [&] { return cont_new(store, &large, 8192); }));
  EXPECT_EQ(store.created_count(), 0u);
  EXPECT_EQ(checked::cont_new(store, nothing).record->id, 1u);
}

TEST(cont_new, works_after_a_refusal) {
  Store store;
  const Entry entry(store);
  const Function large(nullptr, nullptr, 1u << 28, 0);
  for (int round = 0; round < 3; ++round) {
    reason<StackTooSmall>(refusal_of(store, [&] { return cont_new(store, &large); }));
    checked::resume_to_end(store, checked::cont_new(store, nothing));
  }
  EXPECT_EQ(store.live_count(), 0u);
}

TEST(cont_new, makes_a_fresh_record_that_is_its_own_last_ancestor) {
  Store store;
  const Entry entry(store);
  const Continuation& made = *checked::cont_new(store, takes_one, 12 * 1024 - 5).record;
  EXPECT_EQ(made.state, State::fresh);
  EXPECT_EQ(made.parent, nullptr);
  EXPECT_EQ(made.last_ancestor, &made);
  EXPECT_EQ(made.stack->bounds().usable_bytes, 12u * 1024);
  EXPECT_EQ(made.args.length, 0u);
  EXPECT_EQ(made.args.capacity, 1u);
  EXPECT_EQ(store.live_count(), 1u);
}

TEST(cont_new, uses_the_given_stack) {
  Store store;
  const Entry entry(store);
  Stack stack = *Stack::map(64 * 1024);
  const void* frame = nullptr;
  Body body(0, 0, [&](std::span<Value>) { frame = __builtin_frame_address(0); });
  checked::resume_to_end(store, cont_new(store, &body, stack).value());
  EXPECT_GT(reinterpret_cast<std::uint64_t>(frame), stack.bounds().limit());
  EXPECT_LT(reinterpret_cast<std::uint64_t>(frame), stack.bounds().top);
}

}  // namespace
}  // namespace fiberproof
