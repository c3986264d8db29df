// Makes stacks of the shapes that programs declare, and keeps them between runs: no mapping per
// execution, no search, and each stack keeps its sanitizer state. The number kept is bounded.
#pragma once

#include "core/stack.hpp"
#include "fuzz/oracle/stack_memory.hpp"
#include "fuzz/program/stack_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

namespace fiberproof::fuzz {

/// Memory with guard pages below it, of which no sanitizer is told: whatever core does not tell of
/// a supplied stack is missing.
class PlainMemory {
 public:
  [[nodiscard]] static std::expected<PlainMemory, StackError> map(std::uint64_t bytes);
  PlainMemory(PlainMemory&& other) noexcept;
  ~PlainMemory();
  Span span() const { return {lowest_, lowest_ + bytes_}; }

 private:
  PlainMemory(std::uint64_t lowest, std::uint64_t bytes) : lowest_(lowest), bytes_(bytes) {}
  std::uint64_t lowest_;
  std::uint64_t bytes_;  ///< 0 where it was moved from
};

/// A supplied stack, made anew for each loan inside memory that has room around it for words that
/// must stay untouched.
struct SuppliedStack {
  PlainMemory memory;
  std::optional<Stack> stack;
};

/// A stack on loan, and all memory around and in it that is ours to watch.
struct LeasedStack {
  Stack* stack = nullptr;
  std::unique_ptr<SuppliedStack> supplied;  ///< has that stack; null where it is a mapped one
  Span watchable{};
};

class StackSource {
 public:
  /// Bound of stacks to run on, mapped and supplied each: enough for the deepest run. Each may come
  /// to hold some 400 KiB under AddressSanitizer, most of it fake frames, so this is what bounds
  /// the memory of a campaign.
  static constexpr std::size_t kept_max = 1024;

  StackSource();

  /// Number of mapped stacks that are not on loan.
  std::size_t kept_count() const { return pool_.kept_count(); }

  /// The part of a stack that holds the pattern when it is leased: where its first frames will be,
  /// so that a read of a stale word there gives the same in every run.
  static Span scrubbed(const Stack& stack);

  /// A stack to run on, scrubbed.
  [[nodiscard]] std::expected<LeasedStack, StackError> lease(const StackShape& shape);

  /// Takes a stack back on which nothing runs any more.
  void give_back(LeasedStack leased);

  /// A stack to lay out on only, of any size; stays here.
  [[nodiscard]] std::expected<const LeasedStack*, StackError> to_lay_out_on(
      const StackShape& shape);

 private:
  [[nodiscard]] std::expected<LeasedStack, StackError> acquire(const StackShape& shape);
  [[nodiscard]] std::expected<LeasedStack, StackError> supply(const StackShape& shape);
  [[nodiscard]] std::expected<Stack*, StackError> mapped_to_lay_out_on(std::uint64_t bytes);

  StackPool pool_;
  std::vector<std::unique_ptr<SuppliedStack>> free_supplied_;
  std::vector<std::unique_ptr<Stack>> mapped_to_lay_out_on_;
  LeasedStack to_lay_out_on_;
};

/// Ends the process with a message: the run cannot continue, and has not failed.
[[noreturn]] void cannot_map(std::uint64_t bytes);

}  // namespace fiberproof::fuzz
