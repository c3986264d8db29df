// Addresses whose low bits are cleared or set, as code does that aligns its stack: where the path
// decides those bits, the address is a sum again, and belongs to a region.
#pragma once

#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"

#include <vector>

namespace fiberproof::verify {

/// A term with the same value under `path`, in which nothing is masked, shifted or chosen where the
/// solver proves what that comes to: x & -16 is x − 8 where x is 8 above a multiple of 16. What it
/// does not decide stays as it is.
Term with_decided_low_bits(Term term, const std::vector<Formula>& path, Solver& solver);

/// Whether the term's outermost operation is one that with_decided_low_bits() may take away.
bool changes_low_bits(Term term);

}  // namespace fiberproof::verify
