// Short runs of steps that are worth trying anywhere, since the machine is most likely to be wrong
// in what they do.
#pragma once

#include "fuzz/machine/program.hpp"
#include "fuzz/machine/random.hpp"
#include "fuzz/text/bounded_list.hpp"

namespace fiberproof::fuzz {

using Idiom = BoundedList<MachineStep, 24>;

/// Fills `idiom` with a run of steps that `program` may contain, as far as it has room for them.
void make_idiom(const MachineProgram& program, Random& random, Idiom& idiom);

}  // namespace fiberproof::fuzz
