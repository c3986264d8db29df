// `fiberproof mutate`: makes small slips in core's C++, and reports what notices them.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/mutation/cpp/mutation_run.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct MutateCommand {
  std::vector<std::string> files;  ///< empty for all
  MutationOptions options;
  bool only_print = false;          ///< print the patches, and try none
  std::string table;                ///< also write a table to this file
  std::vector<std::string> errors;  ///< earlier errors, reported with the rest
};

/// Prints each phase, a line for each mutant, each survivor's patch and a summary. Exit status 1 if
/// survivors differ from verify/mutation/cpp/survivors.txt. The findings go into `results`, also if
/// the run ends early.
[[nodiscard]] ExitStatus mutate(const MutateCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
