// Stacks: their bounds, their guard page, and what cannot be had.
#include "core/stack.hpp"

#include <gtest/gtest.h>
#include <array>
#include <set>
#include <vector>

namespace fiberproof {
namespace {

TEST(stack, a_mapped_stack_has_whole_pages_and_all_of_them_are_writable) {
  const auto stack = Stack::map(page_bytes() + 1);
  ASSERT_TRUE(stack.has_value());
  const StackBounds bounds = stack->bounds();
  EXPECT_EQ(bounds.usable_bytes, 2 * page_bytes());
  EXPECT_EQ(bounds.top % 16, 0u);
  *reinterpret_cast<volatile char*>(bounds.limit()) = 1;
  *reinterpret_cast<volatile char*>(bounds.top - 1) = 1;
}

TEST(stack, the_byte_below_the_limit_is_guarded) {
  EXPECT_DEATH(
      {
        const auto stack = Stack::map(4096);
        *reinterpret_cast<volatile char*>(stack->bounds().limit() - 1) = 1;
      },
      "");
}

TEST(stack, supplied_memory_is_aligned_down_and_never_exceeded) {
  alignas(16) std::array<std::byte, 256> memory{};
  for (std::size_t offset = 0; offset < 16; ++offset) {
    for (std::size_t bytes = 32; bytes < 64; ++bytes) {
      const auto stack = Stack::supply(std::span(memory).subspan(offset, bytes));
      ASSERT_TRUE(stack.has_value());
      const StackBounds bounds = stack->bounds();
      const auto first = reinterpret_cast<std::uint64_t>(memory.data()) + offset;
      EXPECT_EQ(bounds.top % 16, 0u);
      EXPECT_EQ(bounds.limit(), first);
      EXPECT_LE(bounds.top, first + bytes);
      EXPECT_GT(bounds.top + 16, first + bytes) << "no more than alignment takes is given away";
      EXPECT_FALSE(stack->has_guard_page());
    }
  }
}

TEST(stack, what_cannot_be_had_is_an_error_with_its_size) {
  EXPECT_EQ(Stack::map(0).error().reason, StackError::Reason::too_small);
  EXPECT_EQ(Stack::map(~std::uint64_t{0}).error().reason, StackError::Reason::too_large);
  EXPECT_EQ(Stack::map(~std::uint64_t{0}).error().requested_bytes, ~std::uint64_t{0});
  std::array<std::byte, 8> memory{};
  EXPECT_EQ(Stack::supply(memory).error().reason, StackError::Reason::too_small);
}

TEST(stack_pool, a_released_stack_is_used_again_for_its_size_only) {
  StackPool pool;
  Stack& first = **pool.acquire(8192);
  pool.release(first);
  Stack& other_size = **pool.acquire(16384);
  EXPECT_NE(&other_size, &first);
  EXPECT_EQ(*pool.acquire(8192), &first);
  pool.release(first);
  pool.release(other_size);
}

TEST(stack_pool, tops_are_staggered_and_stacks_no_smaller_for_it) {
  StackPool pool;
  std::set<std::uint64_t> offsets;
  std::vector<Stack*> stacks;
  for (int count = 0; count < 48; ++count) {
    Stack* const stack = *pool.acquire(8192);
    EXPECT_EQ(stack->bounds().top % 16, 0u);
    EXPECT_EQ(stack->bounds().usable_bytes, 8192u);
    EXPECT_GE(stack->bounds().limit(), stack->guard_page().second);
    offsets.insert(stack->bounds().top % page_bytes());
    stacks.push_back(stack);
  }
  EXPECT_EQ(offsets.size(), 48u);
  for (Stack* const stack : stacks) pool.release(*stack);
}

TEST(stack_pool, keeps_no_more_than_it_was_told) {
  StackPool pool({.staggered = false, .kept_max = 2});
  std::vector<Stack*> stacks;
  for (int count = 0; count < 8; ++count) stacks.push_back(*pool.acquire(8192));
  EXPECT_EQ(pool.used_count(), 8u);
  for (Stack* const stack : stacks) pool.release(*stack);
  EXPECT_EQ(pool.used_count(), 0u);
  EXPECT_EQ(pool.kept_count(), 3u);  // and the one that was released last
}

// Seeded defect S32: a stack that goes to another pool, or back twice.
TEST(stack_pool, takes_only_its_own_stacks_and_each_once) {
  StackPool pool;
  StackPool other;
  Stack& stack = **pool.acquire(8192);
  EXPECT_DEATH(other.release(stack), "C7 violated");
  pool.release(stack);
  EXPECT_DEATH(pool.release(stack), "C7 violated");
}

TEST(stack_pool, must_have_all_stacks_back_in_the_end) {
  EXPECT_DEATH(
      {
        StackPool pool;
        static_cast<void>(pool.acquire(8192));
      },
      "C7 violated");
}

TEST(stack, moving_hands_the_mapping_over_once) {
  auto first = Stack::map(4096);
  Stack second = std::move(*first);
  EXPECT_FALSE(first->has_guard_page());
  EXPECT_TRUE(second.has_guard_page());
  *reinterpret_cast<volatile char*>(second.bounds().top - 1) = 1;
}

}  // namespace
}  // namespace fiberproof
