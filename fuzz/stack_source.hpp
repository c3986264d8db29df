// Stacks of the shapes that Programs name, kept between runs: no mapping per execution, and each
// stack keeps its sanitizer state for as long as it lives.
#pragma once

#include "core/stack.hpp"
#include "fuzz/program.hpp"
#include "fuzz/stack_memory.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <utility>
#include <vector>

namespace fiberproof::fuzz {

/// Memory to supply a stack from, with room around it for words that must stay untouched.
struct SuppliedSlot {
  Stack memory;
  SanitizerStack sanitizer;  ///< of whatever stack was supplied here last
};

/// A stack on loan, and all memory around and in it that is ours to watch.
struct LeasedStack {
  Stack stack;
  Span watchable;
  std::unique_ptr<SuppliedSlot> slot;  ///< null for a mapped stack
};

class StackSource {
 public:
  /// A stack to run on.
  std::expected<LeasedStack, StackError> lease(const StackShape& shape);
  void give_back(LeasedStack leased);

  /// A stack to lay out on only, of any size; stays here.
  std::expected<LeasedStack*, StackError> to_lay_out_on(const StackShape& shape);

 private:
  std::expected<LeasedStack, StackError> supply(const StackShape& shape);

  /// The pool of the stacks with so many usable bytes: in a pool of one size the first stack fits.
  StackPool& pool_of(std::uint64_t usable_bytes);

  std::vector<std::pair<std::uint64_t, StackPool>> pools_;
  std::vector<std::unique_ptr<SuppliedSlot>> free_slots_;
  std::vector<LeasedStack> mapped_to_lay_out_on_;
  std::vector<LeasedStack> supplied_to_lay_out_on_;  ///< one at most
};

}  // namespace fiberproof::fuzz
