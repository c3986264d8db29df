// Stepping through an entry trampoline in this very process: two detours set the trap flag, one in
// the place of the trampoline's first instruction, one in that of the return to it; the signal that
// comes before every instruction from then on is handled on an alternate stack, since its frame
// with all vector state does not fit on a continuation's. Where the trampoline is left, to
// fiber_start or to the parent, the stepping ends.
#pragma once

#include <cstdint>

namespace fiberproof::fuzz {

/// The registers before the instruction at `rip`, which is one of the proved routines'.
struct Stop {
  std::uint64_t rsp;
  std::uint64_t rbp;
  std::uint64_t rip;
};

/// From now on `at_instruction` is called at each of them, in the signal handler. Ends the process
/// where the system refuses one.
void handle_single_steps(void (*at_instruction)(const Stop& stop));

/// Goes on, step by step, at the target of the same name. Either writes one word below RSP, and
/// the flags.
extern "C" void fiberproof_step_from_start();
extern "C" void fiberproof_step_from_return();
extern "C" std::uint64_t fiberproof_step_start_target;
extern "C" std::uint64_t fiberproof_step_return_target;

}  // namespace fiberproof::fuzz
