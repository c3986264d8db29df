// continuation_start: the entry trampoline, first code on a fresh stack and last on a finished one.
// Never called: a stack_switch enters it on a stack that `initialize` laid out (T1).
#pragma once

#include "core/initialize.hpp"

#include <cstdint>

namespace fiberproof {

/// What a trapped start looks like to the resumer (T5). Both trampolines are always linked; which
/// one a continuation runs is decided by the start routine that `initialize` installs.
enum class Trampoline : std::uint8_t {
  trap,  ///< payload Trap where fiber_start returned false (Wasmtime since July 2026)
  v44,   ///< payload always Return (Wasmtime 44.0.0): a trapped start passes for a return
};

StartRoutine continuation_start __asm__("fiberproof_continuation_start");
StartRoutine continuation_start_v44 __asm__("fiberproof_continuation_start_v44");

constexpr StartRoutine* start_routine(Trampoline trampoline) {
  return trampoline == Trampoline::trap ? &continuation_start : &continuation_start_v44;
}

}  // namespace fiberproof
