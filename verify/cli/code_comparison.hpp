// Bytes proved = bytes run: each fuzz target prints the machine code of its own process, which is
// compared with its file and, routine by routine, with what was proved.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/obligation/theorem.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

/// One line for each routine and target that differs, or that cannot be compared; empty where every
/// target runs exactly the code that `results` are about. C++ that each build compiles anew, which
/// is fiber_start, is not compared.
std::vector<std::string> code_differences(const std::vector<ContractResult>& results,
                                          const std::vector<std::string>& targets);

}  // namespace fiberproof::verify
