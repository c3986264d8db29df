// Steps through an entry trampoline in this process. Two detours set the trap flag: one replaces
// the trampoline's first instruction, the other the return to it. The signal before every following
// instruction is handled on an alternate stack, since its frame with all vector state does not fit
// on a continuation's. Stepping ends where control leaves the trampoline, to fiber_start or the
// parent.
#pragma once

#include <cstdint>

namespace fiberproof::fuzz {

/// The registers before the instruction at `rip`, which is in one of the proved routines.
struct Stop {
  std::uint64_t rsp;
  std::uint64_t rbp;
  std::uint64_t rip;
};

/// Calls `at_instruction` before each of them from now on, in the signal handler. Ends the process
/// if the system refuses the handler.
void handle_single_steps(void (*at_instruction)(const Stop& stop));

/// Jump to the target of the same name, and step from there. They write one word below RSP, and the
/// flags.
extern "C" void fiberproof_step_from_start();
extern "C" void fiberproof_step_from_return();
extern "C" std::uint64_t fiberproof_step_start_target;
extern "C" std::uint64_t fiberproof_step_return_target;

}  // namespace fiberproof::fuzz
