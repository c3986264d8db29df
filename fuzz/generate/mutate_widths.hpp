// Changes of a program that bring a number to the width that a narrower field would have.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/program.hpp"

namespace fiberproof::fuzz {

/// Lets a count of continuations, uses, clauses or values reach about 2^8, 2^16, 2^31, 2^32 or its
/// own end. On input `program` has its declarations.
void widen(Program& program, Random& random);

}  // namespace fiberproof::fuzz
