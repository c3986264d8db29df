// Programs for WebAssembly engines: what they do means something there, and their run can be
// translated as a whole. Their stacks are plain, and nothing in them walks, initializes or starts.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/program.hpp"

namespace fiberproof::fuzz {

/// Fills `program`, which depends on `random` alone. Each step is chosen by what the run so far
/// allows, so that few are skipped, and what is refused or traps is mostly the last. A program
/// whose last step overflows expects that; each other one passes on core.
void generate_for_engines(Random& random, Program& program);

}  // namespace fiberproof::fuzz
