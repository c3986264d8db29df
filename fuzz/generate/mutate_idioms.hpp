// Short runs of steps that are worth trying anywhere, since the machine is most likely to be wrong
// in what they do.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/program.hpp"

namespace fiberproof::fuzz {

using Idiom = BoundedList<MachineStep, 24>;

/// Fills `idiom` with a run of steps that `program` may contain, as far as it has room for them.
void make_idiom(const MachineProgram& program, Random& random, Idiom& idiom);

}  // namespace fiberproof::fuzz
