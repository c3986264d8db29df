// Memory for continuation stacks, mapped with guard pages below or supplied by the caller, and a
// pool that keeps stacks for reuse. Knows nothing of the layout inside.
//
// Guard pages are addresses without memory behind them. They cost no memory, and all of them are
// one mapping. A frame that is larger than they are, and touches no page there, steps over them
// (C8).
//
// Tops of pooled stacks are staggered: page-aligned ones would all compete for the same few sets of
// the first-level cache, which makes many fibers twice as slow. Everything in the layout is
// relative to TOS, so nothing else changes.
#pragma once

#include "core/sanitizer_stack.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fiberproof {

class StackPool;

/// The bytes that `initialize` may use: [top − usable_bytes, top). Guard pages are never part of it
/// (L5). `top` is TOS and a multiple of 16.
struct StackBounds {
  std::uint64_t top;
  std::uint64_t usable_bytes;

  std::uint64_t limit() const { return top - usable_bytes; }
};

/// Why there is no stack.
struct StackError {
  enum class Reason { too_large, not_mapped, too_small, guard_too_large, guard_too_small };
  Reason reason;
  std::uint64_t requested_bytes;  ///< of the stack, or of its guard pages if they are the reason
  int system_error;               ///< errno of the refused call where reason is not_mapped, else 0
};

/// The size of a page (SDM vol. 3, 4.5).
constexpr std::uint64_t page_bytes() {
  return 4096;
}

/// Returns `bytes` itself if the next multiple exceeds 64 bits: no stack has that many bytes.
constexpr std::uint64_t round_up_to_pages(std::uint64_t bytes) {
  const std::uint64_t rounded = (bytes + page_bytes() - 1) / page_bytes() * page_bytes();
  return rounded < bytes ? bytes : rounded;
}

/// Guard bytes of a stack by default.
inline constexpr std::uint32_t guard_bytes_default = 64 * 1024;

/// Owns a mapped stack, or borrows a supplied one, which must outlive it. Can be moved from, but
/// neither copied nor assigned.
class Stack {
 public:
  /// Maps `usable_bytes` and `guard_bytes` of guard pages below them, each rounded up to whole
  /// pages; neither may be 0. With `bytes_above_top` below a page and a multiple of 16, TOS is that
  /// far below the end of the mapping; the limit is then as far above the guard pages as makes the
  /// usable bytes the same.
  [[nodiscard]] static std::expected<Stack, StackError> map(
      std::uint64_t usable_bytes, std::uint64_t bytes_above_top = 0,
      std::uint64_t guard_bytes = guard_bytes_default);

  /// Uses caller-supplied memory: TOS is its end rounded down to a multiple of 16. There are no
  /// guard pages, so an overrun goes unnoticed (C8). Memory without 16 aligned bytes is an error.
  [[nodiscard]] static std::expected<Stack, StackError> supply(std::span<std::byte> memory);

  Stack(Stack&& other) noexcept;
  ~Stack();

  StackBounds bounds() const { return bounds_; }
  bool has_guard_pages() const { return mapping_bytes_ != 0; }

  /// Addresses [first, second) of the guard pages; both 0 where there are none.
  std::pair<std::uint64_t, std::uint64_t> guard_pages() const;

  /// The sanitizers' state of this stack; it is kept when the stack is reused.
  SanitizerStack& sanitizer() { return sanitizer_; }

 private:
  Stack(StackBounds bounds, std::uint64_t mapping, std::uint64_t mapping_bytes,
        std::uint64_t guard_bytes);

  StackBounds bounds_;
  std::uint64_t mapping_;
  std::uint64_t mapping_bytes_;        ///< with the guard pages; 0 where the memory was supplied
  std::uint64_t guard_bytes_;          ///< of the mapping, the lowest ones
  const StackPool* lender_ = nullptr;  ///< the pool that this stack is out of
  SanitizerStack sanitizer_;

  friend StackPool;
};

/// Larger stacks give the pages that are not close to the top back to the system while nothing runs
/// there.
inline constexpr std::uint64_t resident_bytes_max = 128 * 1024;

struct StackPoolOptions {
  bool staggered = true;
  /// Bytes of guard pages below each stack, rounded up to whole pages; 0 refuses every stack.
  std::uint32_t guard_bytes = guard_bytes_default;
  std::size_t kept_max = 4096;  ///< of released stacks; others are unmapped, but never the latest
};

/// Maps stacks, and keeps released ones for the next use: mapping one costs some thousand times a
/// reuse. All stacks must be back when it ends (C7).
class StackPool {
 public:
  explicit StackPool(StackPoolOptions options = {}) : options_(options) {}
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;
  ~StackPool();

  /// A stack with `usable_bytes` rounded up to whole pages: the latest that was released with that
  /// size, or a new one. It belongs to the pool and does not move.
  [[nodiscard]] std::expected<Stack*, StackError> acquire(std::uint64_t usable_bytes);

  /// Takes back a stack of this pool that nothing runs on or will resume. Its memory keeps its
  /// contents until the next call.
  void release(Stack& stack);

  /// Stacks out of the pool, and stacks in it.
  std::size_t used_count() const { return used_count_; }
  std::size_t kept_count() const { return kept_count_ + (latest_ != nullptr ? 1 : 0); }

 private:
  using Stacks = std::vector<std::unique_ptr<Stack>>;

  void keep(std::unique_ptr<Stack> stack);
  void drop_one();

  StackPoolOptions options_;
  std::unique_ptr<Stack> latest_;  ///< the one released last, whose memory is as it was left
  std::unordered_map<std::uint64_t, Stacks> kept_;  ///< by their usable bytes
  std::size_t used_count_ = 0;
  std::size_t kept_count_ = 0;
  std::uint64_t mapped_count_ = 0;
};

}  // namespace fiberproof
