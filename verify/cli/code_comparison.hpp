// Bytes proved = bytes run: each fuzz target prints the machine code of its own process, which is
// compared with its file and, routine by routine, with the proved code.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/obligation/theorem.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

/// One line for each routine and target that differs or cannot be compared; empty if every target
/// runs exactly the code of `results`. fiber_start, which is C++ that each build compiles anew, is
/// not compared.
std::vector<std::string> code_differences(const std::vector<ContractResult>& results,
                                          const std::vector<std::string>& targets);

}  // namespace fiberproof::verify
