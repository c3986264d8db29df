// The layout of a continuation stack near its top: the only place in core that knows it.
//
// A fresh stack, as `initialize` leaves it. Nothing has run there yet.
//
//  TOS ──────────────────────────────┐ 16-byte aligned, one past the highest byte
//   │ StackTop::control_context.rip  │ ┐
//   │ StackTop::control_context.rbp  │ │ where this stack resumes: at the entry trampoline,
//   │ StackTop::control_context.rsp  │ ┘ with its first RSP and RBP
//   │ StackTop::args_capacity        │
//   │ Value[args_capacity]           │ args buffer; may be empty
//   │ LaunchWords::func_ref          │ ┐
//   │ LaunchWords::caller_vmctx      │ │ popped by continuation_start, lowest first
//   │ LaunchWords::args              │ │
//   │ LaunchWords::return_value_count│ ┘ <- first RSP
//   │ usable stack …                 │ grows down
//   │ guard pages                    │ below the limit; no access
//
// A running stack. The switch that came here left the parent's words where it found its own, and
// the first frame took the place of the launch words.
//
//  TOS ──────────────────────────────┐
//   │ StackTop::control_context.rip  │ ┐ where the parent resumes: a link of the
//   │ StackTop::control_context.rbp  │ ┘ frame-pointer chain (T3)    <- RBP in the trampoline
//   │ StackTop::control_context.rsp  │   the parent's RSP
//   │ StackTop::args_capacity        │
//   │ Value[args_capacity]           │ the arguments, at the end the results
//   │ return address                 │ ┐ into the trampoline
//   │ saved RBP                      │ ┘ of the trampoline           <- RBP in fiber_start
//   │ frames of fiber_start and body │                               <- RSP
//   │ usable stack …                 │
//   │ guard pages                    │
//
// A suspended stack looks like a running one. Which control context holds its RSP, RBP and RIP then
// is drawn in record.hpp, for whole chains.
//
// Structs are declared in order of ascending address, so they read upside down against the drawing.
// Everything that needs an offset (initialize, the trampolines, their call frame information) takes
// it from here; the specification's own numbers live in verify/ and fuzz/.
#pragma once

#include "core/words.hpp"

#include <cstddef>
#include <cstdint>

namespace fiberproof {

struct FuncRef;

/// The fixed part just below TOS (L1).
struct StackTop {
  std::uint64_t args_capacity;
  ControlContext control_context;
};

/// The words that the entry trampoline pops, in the order of the pops (L2, T2).
struct LaunchWords {
  std::uint64_t return_value_count;
  ArgsObject* args;
  void* caller_vmctx;
  const FuncRef* func_ref;
};

static_assert(sizeof(StackTop) % 16 == 0 && sizeof(LaunchWords) % 16 == 0,
              "the args buffer and the first RSP stay 16-byte aligned (L7)");

/// Bytes between TOS and the control context, which ends at TOS.
inline constexpr std::size_t control_context_bytes_below_top =
    sizeof(StackTop) - offsetof(StackTop, control_context);

/// Bytes between TOS and the frame pointer of a running continuation: the address of the saved RBP
/// in the control context, which makes the two words there a link of the frame-pointer chain (T3).
inline constexpr std::size_t frame_pointer_bytes_below_top =
    control_context_bytes_below_top - offsetof(ControlContext, rbp);

/// Displacements of the control context's words from that frame pointer, for the trampolines.
inline constexpr std::ptrdiff_t rsp_from_frame_pointer =
    static_cast<std::ptrdiff_t>(offsetof(ControlContext, rsp)) -
    static_cast<std::ptrdiff_t>(offsetof(ControlContext, rbp));
inline constexpr std::ptrdiff_t rbp_from_frame_pointer = 0;
inline constexpr std::ptrdiff_t rip_from_frame_pointer =
    static_cast<std::ptrdiff_t>(offsetof(ControlContext, rip)) -
    static_cast<std::ptrdiff_t>(offsetof(ControlContext, rbp));

/// Bytes that `initialize` lays out for `args_capacity` values: TOS minus the first RSP. At most
/// 2^36 + 48, so the computation cannot overflow for any u32 capacity (L6).
constexpr std::uint64_t laid_out_bytes(std::uint32_t args_capacity) {
  return sizeof(StackTop) + sizeof(LaunchWords) + std::uint64_t{args_capacity} * sizeof(Value);
}

/// Bytes that must be left between the limit and the first RSP, or `initialize` refuses (L8). The
/// trampoline's call, fiber_start and the entry of the array call need them, with sanitizers and at
/// -O0, in a program whose calls are bound when it starts (-z now; a lazily bound one takes 3 KiB
/// of the stack that makes it). The test continuation.headroom_covers_the_first_frames_twice fails
/// if they are too few.
inline constexpr std::uint64_t headroom_bytes = 2048;

}  // namespace fiberproof
