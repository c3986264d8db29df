// Stacks: their bounds, their guard page, and what cannot be had.
#include "core/stack.hpp"

#include <gtest/gtest.h>
#include <array>

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

TEST(stack, a_released_stack_is_used_again_for_its_size_only) {
  StackPool pool;
  auto first = pool.acquire(8192);
  const std::uint64_t top = first->bounds().top;
  pool.release(std::move(*first));
  const auto other_size = pool.acquire(16384);
  EXPECT_NE(other_size->bounds().top, top);
  EXPECT_EQ(pool.acquire(8192)->bounds().top, top);
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
