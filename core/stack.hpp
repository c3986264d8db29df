// Memory for one continuation stack: mapped with a guard page below its limit, or supplied by the
// caller. Knows nothing of the layout inside.
#pragma once

#include "core/sanitizer.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <vector>

namespace fiberproof {

/// What `initialize` may use: the bytes [top − usable_bytes, top). The guard page is never part of
/// it (L5). `top` is TOS and a multiple of 16.
struct StackBounds {
  std::uint64_t top;
  std::uint64_t usable_bytes;

  std::uint64_t limit() const { return top - usable_bytes; }
};

/// Why no stack could be had.
struct StackError {
  enum class Reason { too_large, not_mapped, too_small };
  Reason reason;
  std::uint64_t requested_bytes;
  int system_error;  ///< errno of the refused call where reason is not_mapped, else 0
};

/// Owns a mapped stack, or borrows a supplied one, which must outlive it. Movable, not copyable.
class Stack {
 public:
  /// Maps `usable_bytes`, rounded up to whole pages, and one guard page below them.
  static std::expected<Stack, StackError> map(std::uint64_t usable_bytes);

  /// Uses caller-supplied memory: TOS is its end rounded down to a multiple of 16, and there is no
  /// guard page. Memory that has no 16 aligned bytes is an error.
  static std::expected<Stack, StackError> supply(std::span<std::byte> memory);

  Stack(Stack&& other) noexcept;
  Stack& operator=(Stack&& other) noexcept;
  ~Stack();

  StackBounds bounds() const { return bounds_; }
  bool has_guard_page() const { return mapping_bytes_ != 0; }

  /// What the sanitizer runtimes must know of this stack; stays with it when it is used again.
  SanitizerStack& sanitizer() { return sanitizer_; }

 private:
  Stack(StackBounds bounds, std::uint64_t mapping_bytes);

  StackBounds bounds_;
  std::uint64_t mapping_bytes_;  ///< with the guard page; 0 where the memory was supplied
  SanitizerStack sanitizer_;
};

/// The size of a page, which is also that of a guard page.
std::uint64_t page_bytes();

/// Keeps released stacks for the next use: mapping one costs some thousand times a reuse.
class StackPool {
 public:
  /// A stack with exactly `usable_bytes` rounded up to whole pages; a released one where there is
  /// one.
  std::expected<Stack, StackError> acquire(std::uint64_t usable_bytes);

  /// Takes a stack back that nothing runs on or will resume.
  void release(Stack stack);

 private:
  std::vector<Stack> free_;
};

}  // namespace fiberproof
