// Stacks of the shapes that Programs name, kept between runs: no mapping per execution, no search,
// and each stack keeps its sanitizer state for as long as it lives. How many are kept is bounded.
#pragma once

#include "core/stack.hpp"
#include "fuzz/program.hpp"
#include "fuzz/spec_layout.hpp"
#include "fuzz/stack_memory.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <vector>

namespace fiberproof::fuzz {

/// A stack on loan, and all memory around and in it that is ours to watch. A supplied one is made
/// anew for each loan, inside `memory`, with room around it for words that must stay untouched.
struct LeasedStack {
  Stack stack;
  std::optional<Stack> memory;  ///< of a supplied stack
  Span watchable;
};

class StackSource {
 public:
  /// A stack to run on.
  std::expected<std::unique_ptr<LeasedStack>, StackError> lease(const StackShape& shape);

  /// Takes a stack back on which nothing runs any more.
  void give_back(std::unique_ptr<LeasedStack> leased);

  /// A stack to lay out on only, of any size; stays here.
  std::expected<LeasedStack*, StackError> to_lay_out_on(const StackShape& shape);

 private:
  using Stacks = std::vector<std::unique_ptr<LeasedStack>>;

  static constexpr std::size_t resumable_pages_max = resumable_bytes_max / spec::page_bytes;

  std::expected<std::unique_ptr<LeasedStack>, StackError> supply(const StackShape& shape);
  Stacks& free_of(const LeasedStack& leased);
  void drop_one();

  std::array<Stacks, resumable_pages_max + 1> free_mapped_;  ///< by their pages
  Stacks free_supplied_;
  std::size_t free_count_ = 0;
  Stacks mapped_to_lay_out_on_;
  std::unique_ptr<LeasedStack> supplied_to_lay_out_on_;
};

}  // namespace fiberproof::fuzz
