#include "core/stack.hpp"

#include "core/check.hpp"
#include "core/sanitizer.hpp"

#include <sys/mman.h>
#include <algorithm>
#include <cerrno>
#include <utility>

namespace fiberproof {
namespace {

constexpr std::uint64_t stack_bytes_max = std::uint64_t{1} << 46;  // user half of 47-bit addresses

// The distance of tops: as much as the hot part of a suspended stack needs. Tops stay in the upper
// part of their page, so that the hot part is on one page: 48 cache lines, all of which are used,
// since 5 and 48 have no common divisor.
constexpr std::uint64_t stagger_bytes = 5 * 64;
constexpr std::uint64_t staggered_bytes = 48 * 64;

constexpr std::uint64_t resident_bytes_kept = 8 * 1024;

void drop_pages_of_large_stack(StackBounds bounds) {
  if (bounds.usable_bytes > resident_bytes_max) {
    const std::uint64_t lowest = round_up_to_pages(bounds.limit());
    ::madvise(reinterpret_cast<void*>(lowest), bounds.top - resident_bytes_kept - lowest,
              MADV_DONTNEED);
  }
}

}  // namespace

std::expected<Stack, StackError> Stack::map(std::uint64_t usable_bytes,
                                            std::uint64_t bytes_above_top,
                                            std::uint64_t guard_bytes) {
  FIBER_CHECK(L7, bytes_above_top % 16, ==, 0u);
  FIBER_CHECK(L7, bytes_above_top, <, page_bytes());
  using Reason = StackError::Reason;
  if (usable_bytes == 0) return std::unexpected(StackError{Reason::too_small, usable_bytes, 0});
  if (guard_bytes == 0) return std::unexpected(StackError{Reason::guard_too_small, guard_bytes, 0});
  if (usable_bytes > stack_bytes_max) {
    return std::unexpected(StackError{Reason::too_large, usable_bytes, 0});
  }
  if (guard_bytes > stack_bytes_max) {
    return std::unexpected(StackError{Reason::guard_too_large, guard_bytes, 0});
  }
  usable_bytes = round_up_to_pages(usable_bytes);
  guard_bytes = round_up_to_pages(guard_bytes);
  const std::uint64_t mapping_bytes =
      guard_bytes + usable_bytes + (bytes_above_top == 0 ? 0 : page_bytes());
  void* const mapping = ::mmap(nullptr, mapping_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    return std::unexpected(StackError{Reason::not_mapped, usable_bytes, errno});
  }
  if (::mprotect(mapping, guard_bytes, PROT_NONE) != 0) {
    const int refused = errno;
    ::munmap(mapping, mapping_bytes);
    return std::unexpected(StackError{Reason::not_mapped, usable_bytes, refused});
  }
  const auto lowest = reinterpret_cast<std::uint64_t>(mapping);
  return Stack({lowest + mapping_bytes - bytes_above_top, usable_bytes}, lowest, mapping_bytes,
               guard_bytes);
}

std::expected<Stack, StackError> Stack::supply(std::span<std::byte> memory) {
  const auto lowest = reinterpret_cast<std::uint64_t>(memory.data());
  const std::uint64_t top = (lowest + memory.size()) & ~std::uint64_t{15};
  if (top < lowest + 16) {
    return std::unexpected(StackError{StackError::Reason::too_small, memory.size(), 0});
  }
  return Stack({top, top - lowest}, 0, 0, 0);
}

Stack::Stack(StackBounds bounds, std::uint64_t mapping, std::uint64_t mapping_bytes,
             std::uint64_t guard_bytes)
    : bounds_(bounds),
      mapping_(mapping),
      mapping_bytes_(mapping_bytes),
      guard_bytes_(guard_bytes),
      sanitizer_(sanitizer_remember(bounds.limit(), bounds.usable_bytes)) {}

Stack::Stack(Stack&& other) noexcept
    : bounds_(other.bounds_),
      mapping_(other.mapping_),
      mapping_bytes_(std::exchange(other.mapping_bytes_, 0)),
      guard_bytes_(other.guard_bytes_),
      lender_(std::exchange(other.lender_, nullptr)),
      sanitizer_(std::exchange(other.sanitizer_, SanitizerStack{})) {}

Stack::~Stack() {
  if (sanitizer_.bottom != nullptr) {
    sanitizer_forget(sanitizer_);
  }
  if (mapping_bytes_ != 0) {
    ::munmap(reinterpret_cast<void*>(mapping_), mapping_bytes_);
  }
}

std::pair<std::uint64_t, std::uint64_t> Stack::guard_pages() const {
  return mapping_bytes_ == 0 ? std::pair<std::uint64_t, std::uint64_t>{}
                             : std::pair{mapping_, mapping_ + guard_bytes_};
}

StackPool::~StackPool() {
  FIBER_CHECK(C7, used_count_, ==, 0u);
}

std::expected<Stack*, StackError> StackPool::acquire(std::uint64_t usable_bytes) {
  usable_bytes = round_up_to_pages(usable_bytes);
  std::unique_ptr<Stack> stack;
  if (latest_ != nullptr && latest_->bounds().usable_bytes == usable_bytes) [[likely]] {
    stack = std::move(latest_);
  } else if (Stacks& kept = kept_[usable_bytes]; !kept.empty()) {
    stack = std::move(kept.back());
    kept.pop_back();
    --kept_count_;
  } else {
    const std::uint64_t bytes_above_top =
        options_.staggered ? mapped_count_ * stagger_bytes % staggered_bytes : 0;
    auto mapped = Stack::map(usable_bytes, bytes_above_top, options_.guard_bytes);
    if (!mapped) {
      return std::unexpected(mapped.error());
    }
    ++mapped_count_;
    stack = std::make_unique<Stack>(std::move(*mapped));
  }
  ++used_count_;
  stack->lender_ = this;
  return stack.release();
}

void StackPool::release(Stack& stack) {
  // A stack that was released before, or belongs to another pool, has another lender.
  FIBER_CHECK(C7, stack.lender_, ==, this);
  stack.lender_ = nullptr;
  --used_count_;
  if (latest_ != nullptr) {
    keep(std::move(latest_));
  }
  latest_.reset(&stack);
}

void StackPool::keep(std::unique_ptr<Stack> stack) {
  drop_pages_of_large_stack(stack->bounds());
  kept_[stack->bounds().usable_bytes].push_back(std::move(stack));
  if (++kept_count_ > options_.kept_max) {
    drop_one();
  }
}

/// Unmaps one stack of the most frequent size.
void StackPool::drop_one() {
  const auto most = std::ranges::max_element(
      kept_, {}, [](const auto& bytes_and_stacks) { return bytes_and_stacks.second.size(); });
  most->second.pop_back();
  --kept_count_;
}

}  // namespace fiberproof
