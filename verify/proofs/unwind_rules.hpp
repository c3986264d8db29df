// T7: the call frame information of an entry trampoline is right. An unwinder that looks while the
// trampoline, or the function that it calls, is at any instruction, and follows the rules that
// `.eh_frame` has for that address, finds the RSP, RBP and RIP of the parent.
//
// The parent's registers are, at each point, the three words of the control context at that time:
// where the routine resumes if nobody changes its parent afterwards (T4). That holds before the
// routine has loaded them, between the loads and when all three are in registers, because the
// routine itself does not write them (T6). The rules must find them through RBP as long as RBP
// points to the context, and in RSP, RBP and RSI from the last load on.
#pragma once

#include "verify/proofs/proof_set.hpp"

namespace fiberproof::verify {

ProofSet unwind_rules();
ProofSet unwind_rules_v44();

}  // namespace fiberproof::verify
