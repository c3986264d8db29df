// What a module can say of a Program: steps that it cannot have become others, before the run that
// is translated is made, so that what the module must do is still what the reference says.
#pragma once

#include "fuzz/program/program.hpp"

#include <string>
#include <vector>

namespace fiberproof::fuzz::wasm {

/// Whether a module can have all steps of `program` as they are.
bool is_for_module(const Program& program);

/// `program` with steps that a module can have, and in `left_out` a line for each kind that became
/// another.
Program for_module(const Program& program, std::vector<std::string>& left_out);

}  // namespace fiberproof::fuzz::wasm
