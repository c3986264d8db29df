// `fiberproof mutants`: single instructions of the proved routines changed, and what notices.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/mutation/bytes/fuzzed.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct MutantsCommand {
  std::string program;                ///< linked, with the routines
  std::vector<std::string> routines;  ///< symbols; empty for all
  MutantFuzzOptions fuzz;
  std::string table;                ///< also write the table to this file
  std::vector<std::string> errors;  ///< found before, and reported with the rest
};

/// Prints for each routine how its mutants end, those that are not simply refuted, and how many
/// break each clause. Exit status 0: each is refuted by a contract and confirmed natively, or
/// proved equivalent; a clause that refutes none is listed, and so is each mutant on which proofs
/// and fuzz targets differ. 1: one is not; 2: could not run.
[[nodiscard]] ExitStatus judge_byte_mutants(const MutantsCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
