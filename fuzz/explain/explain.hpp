// Explains a program to people: its text, what happens step by step, how it ends when it is run
// natively, and the stack of the continuation that took the last step.
#pragma once

#include "fuzz/program/program.hpp"

#include <string>

namespace fiberproof::fuzz {

/// Runs `program` in a process of its own. Of one that dies there it tells what the specification
/// says, and as much of the stack as was seen.
std::string explain(const Program& program);

}  // namespace fiberproof::fuzz
