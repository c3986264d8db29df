// The words at the top of a continuation's stack, copied while a program runs, for a drawing of the
// stack after it is gone. Runs take a snapshot before each step of a continuation and before a
// layout is judged, if snapshots are wanted.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fiberproof::fuzz {

struct StackSnapshot {
  static constexpr std::size_t values_max = 16;

  LayoutRequest layout{};          ///< what the stack was laid out for
  std::uint64_t step = 0;          ///< number of the step at which it was taken; 0 for none yet
  std::uint64_t begun = 0;         ///< number of the step that began last, on whatever stack
  std::uint32_t continuation = 0;  ///< its number; 0 where a stack was laid out for none
  bool is_started = false;         ///< that number is one beside the store
  std::uint64_t rip = 0;
  std::uint64_t rbp = 0;
  std::uint64_t rsp = 0;
  std::uint64_t args_capacity = 0;
  std::array<Value, values_max> values{};  ///< the first of the buffer
  std::uint64_t func_ref = 0;
  std::uint64_t caller_vmctx = 0;
  std::uint64_t args = 0;
  std::uint64_t return_value_count = 0;
};

/// From now on runs of this process write their snapshots there, each over the one before. Null, as
/// at the start: none are wanted.
void keep_snapshots_in(StackSnapshot* place);

bool are_snapshots_wanted();

/// On input snapshots are wanted. Notes that a step begins.
void note_step(std::uint64_t step);

/// On input snapshots are wanted, and the stack of `layout` exists.
void take_snapshot(const LayoutRequest& layout, std::uint32_t continuation, bool is_started,
                   std::uint64_t step);

}  // namespace fiberproof::fuzz
