// Finds the variables of a file that regions of a contract are: `region NAME = global SYMBOL bytes
// N`. A symbol's size says how far a variable extends, so that a region is never part of another
// one.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/obligation/setup.hpp"

#include <expected>
#include <string>

namespace fiberproof::verify {

/// An error is one line: there is no such variable, it has too few bytes, code cannot write it (its
/// value is then known without a region), or two regions share bytes.
[[nodiscard]] std::expected<VariableAddresses, std::string> variables_of(
    const Contract& contract, const ObjectFile& file, const ProverOptions& options);

}  // namespace fiberproof::verify
