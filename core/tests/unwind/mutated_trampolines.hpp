// Entry trampolines with right instructions and wrong call frame information. Each has one mistake,
// which the single-step test must find at the instructions that it affects.
#pragma once

#include "core/initialize.hpp"

namespace fiberproof::unwind {

/// None at all, as upstream.
StartRoutine trampoline_without_rules __asm__("fiberproof_unwind_trampoline_without_rules");

/// The rules of an ordinary function with a frame pointer: a right RIP and RBP, and a wrong RSP.
StartRoutine trampoline_with_frame_pointer_rules __asm__(
    "fiberproof_unwind_trampoline_with_frame_pointer_rules");

/// Right, but not changed for the last jump, when RBP is not the trampoline's any more.
StartRoutine trampoline_with_stale_rules __asm__("fiberproof_unwind_trampoline_with_stale_rules");

/// Right, but changed for the last jump one instruction too early.
StartRoutine trampoline_with_early_rules __asm__("fiberproof_unwind_trampoline_with_early_rules");

}  // namespace fiberproof::unwind
