// What a command line says about the contracts of --contract: values for their `let` definitions,
// and the verdicts that are expected.
#pragma once

#include "verify/cli/prove_command.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/expected_theorems.hpp"

#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Replaces the number of each `let NAME = NUMBER` that `values` names, as NAME=NUMBER. Returns one
/// line for each value that fits no contract.
[[nodiscard]] std::vector<std::string> set_values(const std::vector<std::string>& values,
                                                  std::vector<Contract>& contracts);

/// The verdicts that the options name in a file, or the project's own.
[[nodiscard]] std::expected<std::vector<ExpectedTheorem>, std::string> read_expected(
    const ProveOptions& options);

}  // namespace fiberproof::verify
