// Theorems that no contract can state, in sets: a set is proved, selected and listed by its name as
// a contract is.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/obligation/theorem.hpp"

#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

struct ProofSet {
  std::string_view name;  ///< what the names of its theorems begin with, before the slash
  /// An error, one clear line, where what is to be proved cannot be had from the file.
  std::expected<ContractResult, std::string> (*prove)(const ObjectFile& file, Solver& solver,
                                                      const ProverOptions& options);
};

/// Every set, in the order in which they are proved.
std::span<const ProofSet> proof_sets();

}  // namespace fiberproof::verify
