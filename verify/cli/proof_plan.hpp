// The plan of `fiberproof prove`, made before any work is done: contracts, files, names, folders
// and solvers. All errors are reported at once.
#pragma once

#include "verify/cli/code_search.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/cli/selection.hpp"
#include "verify/object/object_archive.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/proofs/proof_set.hpp"

#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct PlannedContract {
  Contract contract;
  std::size_t file = 0;  ///< index into the plan's files
};

struct ProofPlan {
  ObjectArchive files;
  ForeignCode code;  ///< as the options have it, with what was searched for
  std::optional<CodeSearch> search;
  std::vector<PlannedContract> contracts;  ///< selected, in the order in which they are proved
  std::vector<const ProofSet*> sets;       ///< selected, proved after them
  std::vector<Contract> left_out;          ///< foreign code: contracts without a given role
  std::vector<ExpectedTheorem> expected;   ///< proofs.txt, or empty for the user's own contract
  Selection selection;
  std::size_t theorems = 0;  ///< how many will be decided, by proofs.txt; 0 if unknown
};

/// The plan; or one line for each error.
[[nodiscard]] std::expected<ProofPlan, std::vector<std::string>> plan_proofs(
    const ProveOptions& options);

/// Each clause as its contract states it, by the theorem's name.
std::map<std::string, std::string> claims_of(const ProofPlan& plan);

}  // namespace fiberproof::verify
