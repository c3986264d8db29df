// Lays out a fresh continuation near the top of its stack, ready to be switched to.
#pragma once

#include "core/func_ref.hpp"
#include "core/stack.hpp"
#include "core/words.hpp"

#include <cstdint>
#include <expected>

namespace fiberproof {

/// Code that a switch to a fresh stack enters; never called (continuation_start.hpp).
using StartRoutine = void();

/// The code and the counts of a fresh continuation. `start_routine` becomes the control context's
/// rip (L1).
struct Launch {
  StartRoutine* start_routine;
  const FuncRef* func_ref;
  void* caller_vmctx;
  std::uint32_t parameter_count;
  std::uint32_t return_value_count;
};

/// The stack cannot hold the layout and the headroom (L5, L8). Both sizes are in bytes.
struct StackTooSmall {
  std::uint64_t required_bytes;
  std::uint64_t usable_bytes;
};

/// On input `stack.top` is a multiple of 16 and `args` is empty (no length, capacity or data).
/// On output the eight words drawn in layout.hpp and the three fields of `args` are written and
/// nothing else is (L1 to L4); args_capacity is the larger of the two counts. If the layout and the
/// headroom do not fit, the result is an error and nothing was written (L5, L8).
[[nodiscard]] std::expected<void, StackTooSmall> initialize(
    StackBounds stack, const Launch& launch, ArgsObject& args) __asm__("fiberproof_initialize");

}  // namespace fiberproof
