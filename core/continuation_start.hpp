// continuation_start: the entry trampoline, first code on a fresh stack and last on a finished one.
// Nothing calls it: a stack_switch enters it on a stack that `initialize` laid out (T1).
#pragma once

#include "core/initialize.hpp"

#include <cstdint>

namespace fiberproof {

/// The variants of the trampoline. They differ in how the resumer sees a body that trapped (T5).
/// Both are always linked; a continuation runs the one that `initialize` installs.
enum class Trampoline : std::uint8_t {
  trap,  ///< payload Trap if fiber_start returned false (Wasmtime since July 2026)
  v44,   ///< payload always Return (Wasmtime 44.0.0): a trap is reported as a return
};

StartRoutine continuation_start __asm__("fiberproof_continuation_start");
StartRoutine continuation_start_v44 __asm__("fiberproof_continuation_start_v44");

constexpr StartRoutine* start_routine(Trampoline trampoline) {
  return trampoline == Trampoline::trap ? &continuation_start : &continuation_start_v44;
}

}  // namespace fiberproof
