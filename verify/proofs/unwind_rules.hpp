// T7: the call frame information of an entry trampoline is right. Whoever looks while the
// trampoline, or the function that it calls, is at any instruction, and goes by the rules that
// `.eh_frame` has for that address, finds the RSP, RBP and RIP of the parent.
//
// The parent's are, at each point, the three words of the control context as it is then: where the
// routine goes on if nobody makes it another parent's from there on (T4). That holds before the
// routine has loaded them, between the loads and when all three are in registers; for the routine
// itself does not write them (T6). The rules, on the other hand, must find them by way of RBP as
// long as that points to the context, and in RSP, RBP and RSI from the last load on.
#pragma once

#include "verify/proofs/proof_set.hpp"

namespace fiberproof::verify {

ProofSet unwind_rules();
ProofSet unwind_rules_v44();

}  // namespace fiberproof::verify
