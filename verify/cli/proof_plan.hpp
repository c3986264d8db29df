// What `fiberproof prove` is to do, found out before any of it is done: contracts, files, names,
// folders and solvers. Everything that is wrong is told at once.
#pragma once

#include "verify/cli/prove_command.hpp"
#include "verify/cli/selection.hpp"
#include "verify/object/object_archive.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/proofs/proof_set.hpp"

#include <expected>
#include <map>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct PlannedContract {
  Contract contract;
  std::size_t file = 0;  ///< index into the plan's files
};

struct ProofPlan {
  ObjectArchive files;
  std::vector<PlannedContract> contracts;  ///< selected, in the order in which they are proved
  std::vector<const ProofSet*> sets;       ///< selected, proved after them
  std::vector<Contract> left_out;          ///< of foreign code: what was not given
  std::vector<ExpectedTheorem> expected;   ///< proofs.txt, or nothing of a contract of one's own
  Selection selection;
  std::size_t theorems = 0;  ///< how many will be decided, by proofs.txt; 0 where it does not say
};

/// The plan; or one line for each thing that prevents it.
std::expected<ProofPlan, std::vector<std::string>> plan_proofs(const ProveOptions& options);

/// Each clause as its contract states it, by the theorem's name.
std::map<std::string, std::string> claims_of(const ProofPlan& plan);

}  // namespace fiberproof::verify
