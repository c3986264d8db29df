// Theorems that no contract can state, in sets. A set is proved, selected and listed by its name,
// like a contract.
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
  std::string_view name;  ///< the beginning of its theorems' names, before the slash
  /// An error, one clear line, if the subject of the proof is not in the file.
  std::expected<ContractResult, std::string> (*prove)(const ObjectFile& file, Solver& solver,
                                                      const ProverOptions& options);
};

/// Every set, in the order in which they are proved.
std::span<const ProofSet> proof_sets();

}  // namespace fiberproof::verify
