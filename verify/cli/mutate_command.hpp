// `fiberproof mutate`: small slips put into core's C++, and who notices.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/source_mutants/mutation_run.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

struct MutateCommand {
  std::vector<std::string> files;  ///< empty for all
  MutationOptions options;
  bool only_print = false;  ///< the patches
  std::string json;         ///< findings are written to this file, too
};

/// Prints a line for each mutant, each survivor's patch and a summary. Exit status 1 where
/// survivors differ from verify/source_mutants/survivors.txt.
ExitStatus mutate(const MutateCommand& command);

}  // namespace fiberproof::verify
