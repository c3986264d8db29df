// Simplifies addresses whose low bits are cleared or set, as in code that aligns its stack. Where
// the path decides those bits, the address becomes a sum again and belongs to a region.
#pragma once

#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"

#include <vector>

namespace fiberproof::verify {

/// Returns a term with the same value under `path`, without the masks, shifts and choices that the
/// solver can decide: x & -16 becomes x − 8 where x is 8 above a multiple of 16. Undecided
/// operations stay.
Term with_decided_low_bits(Term term, const std::vector<Formula>& path, Solver& solver);

/// Whether with_decided_low_bits() may remove the term's outermost operation.
bool changes_low_bits(Term term);

}  // namespace fiberproof::verify
