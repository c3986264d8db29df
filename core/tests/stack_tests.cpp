// Stacks: their bounds, their guard pages, and refused sizes.
#include "core/stack.hpp"

#include "core/trap.hpp"

#include <unistd.h>

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

/// Whether the kernel can read there.
bool is_readable(std::uint64_t address) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const bool is_read = ::write(ends[1], reinterpret_cast<const void*>(address), 1) == 1;
  ::close(ends[0]);
  ::close(ends[1]);
  return is_read;
}

TEST(stack, has_as_many_inaccessible_guard_pages_as_asked_for) {
  for (const std::uint64_t guard_bytes : {1u, 4096u, 4097u, 65536u, 1u << 20}) {
    for (const std::uint64_t bytes_above_top : {0u, 320u, 4080u}) {
      const auto stack = Stack::map(8192, bytes_above_top, guard_bytes);
      ASSERT_TRUE(stack.has_value());
      const auto [first, end] = stack->guard_pages();
      EXPECT_EQ(end - first, round_up_to_pages(guard_bytes));
      EXPECT_GE(stack->bounds().limit(), end);
      EXPECT_LT(stack->bounds().limit(), end + page_bytes());
      EXPECT_EQ(stack->bounds().usable_bytes, 8192u);
      for (std::uint64_t page = first; page < end; page += page_bytes()) {
        EXPECT_FALSE(is_readable(page));
        EXPECT_FALSE(is_readable(page + page_bytes() - 1));
      }
      EXPECT_TRUE(is_readable(end));
    }
  }
}

TEST(stack, has_64_kib_of_guard_pages_by_default) {
  const auto [first, end] = Stack::map(4096)->guard_pages();
  EXPECT_EQ(end - first, 64u * 1024);
  StackPool pool;
  Stack& pooled = **pool.acquire(4096);
  EXPECT_EQ(pooled.guard_pages().second - pooled.guard_pages().first, 64u * 1024);
  pool.release(pooled);
}

TEST(stack_pool, gives_each_stack_the_guard_pages_of_its_options) {
  for (const std::uint32_t guard_bytes : {4096u, 4097u, 1u << 20}) {
    StackPool pool({.guard_bytes = guard_bytes});
    Stack& stack = **pool.acquire(8192);
    EXPECT_EQ(stack.guard_pages().second - stack.guard_pages().first,
              round_up_to_pages(guard_bytes));
    pool.release(stack);
  }
}

TEST(stack, refused_guard_pages_are_an_error_with_their_size) {
  const auto none = Stack::map(4096, 0, 0);
  EXPECT_EQ(none.error().reason, StackError::Reason::guard_too_small);
  EXPECT_EQ(describe(none.error()),
            "no stack with 0 bytes of guard pages: give it one page at least");
  for (const std::uint64_t huge : {(std::uint64_t{1} << 46) + 1, ~std::uint64_t{0}}) {
    const auto refused = Stack::map(4096, 0, huge);
    EXPECT_EQ(refused.error().reason, StackError::Reason::guard_too_large);
    EXPECT_EQ(refused.error().requested_bytes, huge);
  }
  EXPECT_EQ(Stack::map(std::uint64_t{1} << 46, 4080, std::uint64_t{1} << 46).error().reason,
            StackError::Reason::not_mapped);
  StackPool pool({.guard_bytes = 0});
  EXPECT_EQ(pool.acquire(4096).error().reason, StackError::Reason::guard_too_small);
  EXPECT_EQ(pool.used_count(), 0u);
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
      EXPECT_FALSE(stack->has_guard_pages());
    }
  }
}

TEST(stack, refused_size_is_an_error_with_that_size) {
  EXPECT_EQ(Stack::map(0).error().reason, StackError::Reason::too_small);
  EXPECT_EQ(Stack::map(~std::uint64_t{0}).error().reason, StackError::Reason::too_large);
  EXPECT_EQ(Stack::map(~std::uint64_t{0}).error().requested_bytes, ~std::uint64_t{0});
  std::array<std::byte, 8> memory{};
  EXPECT_EQ(Stack::supply(memory).error().reason, StackError::Reason::too_small);
}

TEST(stack_pool, reuses_a_released_stack_for_its_size_only) {
  StackPool pool;
  Stack& first = **pool.acquire(8192);
  pool.release(first);
  Stack& other_size = **pool.acquire(16384);
  EXPECT_NE(&other_size, &first);
  EXPECT_EQ(*pool.acquire(8192), &first);
  pool.release(first);
  pool.release(other_size);
}

TEST(stack_pool, staggers_tops_without_shrinking_stacks) {
  StackPool pool;
  std::set<std::uint64_t> offsets;
  std::vector<Stack*> stacks;
  for (int count = 0; count < 48; ++count) {
    Stack* const stack = *pool.acquire(8192);
    EXPECT_EQ(stack->bounds().top % 16, 0u);
    EXPECT_EQ(stack->bounds().usable_bytes, 8192u);
    EXPECT_GE(stack->bounds().limit(), stack->guard_pages().second);
    offsets.insert(stack->bounds().top % page_bytes());
    stacks.push_back(stack);
  }
  EXPECT_EQ(offsets.size(), 48u);
  for (Stack* const stack : stacks) pool.release(*stack);
}

TEST(stack_pool, keeps_at_most_kept_max_stacks) {
  StackPool pool({.staggered = false, .kept_max = 2});
  std::vector<Stack*> stacks;
  for (int count = 0; count < 8; ++count) stacks.push_back(*pool.acquire(8192));
  EXPECT_EQ(pool.used_count(), 8u);
  for (Stack* const stack : stacks) pool.release(*stack);
  EXPECT_EQ(pool.used_count(), 0u);
  EXPECT_EQ(pool.kept_count(), 3u);  // and the one that was released last
}

// Seeded defect S32: a stack that goes to another pool, or back twice.
TEST(stack_pool, takes_back_only_its_own_stacks_and_each_once) {
  StackPool pool;
  StackPool other;
  Stack& stack = **pool.acquire(8192);
  EXPECT_DEATH(other.release(stack), "C7 violated");
  pool.release(stack);
  EXPECT_DEATH(pool.release(stack), "C7 violated");
}

TEST(stack_pool, checks_that_all_stacks_are_back_at_its_end) {
  EXPECT_DEATH(
      {
        StackPool pool;
        static_cast<void>(pool.acquire(8192));
      },
      "C7 violated");
}

TEST(stack, move_transfers_the_mapping) {
  auto first = Stack::map(4096);
  Stack second = std::move(*first);
  EXPECT_FALSE(first->has_guard_pages());
  EXPECT_TRUE(second.has_guard_pages());
  *reinterpret_cast<volatile char*>(second.bounds().top - 1) = 1;
}

}  // namespace
}  // namespace fiberproof
