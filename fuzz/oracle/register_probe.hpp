// Assembly probes around core's switches. They record every general register where the
// specification fixes some, and fill every register that it leaves open with garbage, so that code
// which relies on luck fails. Vector and mask registers in full, as far as this CPU has them, or
// their SSE part alone (choose_vector_garbage); the x87 stack stays empty and the direction flag
// clear, as the psABI wants them at a call.
#pragma once

#include "core/words.hpp"

#include <array>
#include <cstdint>

namespace fiberproof::fuzz {

/// The sixteen general registers.
struct Registers {
  std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
};

/// Detects which registers this CPU has. Must come before any other probe.
void prepare_register_probes();

/// Makes the probes fill every vector and mask register in full, or XMM0 to XMM15 only. In full
/// costs about 100 ns each time it meets SSE code, more than all the rest of a switch, so it is for
/// a fixed fraction of the switches.
void choose_vector_garbage(bool in_full);

/// Entered on a fresh stack in place of `start_target`: records `start_registers`, fills all
/// registers but RSP and RBP with garbage, and jumps to the target.
extern "C" void fiberproof_start_probe();
extern "C" std::uint64_t fiberproof_start_target;
extern "C" Registers fiberproof_start_registers;

/// Entered by an ended continuation in place of `exit_target`, its parent's resume address: records
/// `exit_registers` and the object at `exit_args`, counts, fills all registers but RSP, RBP and RDI
/// with garbage, and jumps to the target. Touches no byte of the parent's stack, whose red zone may
/// be in use.
extern "C" void fiberproof_exit_probe();
extern "C" std::uint64_t fiberproof_exit_target;
extern "C" std::uint64_t fiberproof_exit_arrivals;
extern "C" Registers fiberproof_exit_registers;
extern "C" const ArgsObject* fiberproof_exit_args;
extern "C" ArgsObject fiberproof_exit_args_seen;

/// The callee-saved registers of the psABI but RSP and RBP.
struct CalleeSaved {
  std::uint64_t rbx, r12, r13, r14, r15;
  friend bool operator==(const CalleeSaved&, const CalleeSaved&) = default;
};

/// A call that must keep the callee-saved registers.
struct ProbedCall {
  void (*function)(void* argument);
  void* argument;
  std::uint64_t frame_shift;  ///< bytes that the frame is larger by; a multiple of 16
  CalleeSaved before;
  CalleeSaved after;    ///< out
  std::uint64_t frame;  ///< out: RBP of the probe's own frame, during the call
};

/// Calls with `before` in the callee-saved registers and garbage in all others, and fills `after`.
extern "C" void fiberproof_probe_call(ProbedCall& call);

/// A stack_switch with known registers on both sides.
struct ProbedSwitch {
  ControlContext* store;
  const ControlContext* load;
  std::uint64_t payload;  ///< in: sent; out: received
  std::uint64_t rsp;      ///< out: before the switch
  std::uint64_t rbp;      ///< out: before the switch
  std::uint64_t arrived_rsp;
  std::uint64_t arrived_rbp;
};

/// Switches from one context to another, and returns after a switch back.
extern "C" void fiberproof_probe_switch(ProbedSwitch& record);

/// The address after that switch.
extern "C" const char fiberproof_probe_switch_resumed[];

/// Fills every vector and mask register with garbage.
extern "C" void fiberproof_fill_vector_registers();

}  // namespace fiberproof::fuzz
