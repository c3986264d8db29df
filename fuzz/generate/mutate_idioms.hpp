// Short runs of steps that are worth trying anywhere, since continuations are most likely to be
// wrong in them.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/bounded_list.hpp"
#include "fuzz/program/program.hpp"

namespace fiberproof::fuzz {

using Idiom = BoundedList<Step, 24>;

/// Fills `idiom` with a run of steps that are valid in `program`, as far as it has room.
void make_idiom(const Program& program, Random& random, Idiom& idiom);

}  // namespace fiberproof::fuzz
