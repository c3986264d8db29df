// `fiberproof hunt`: plants known bugs in core, and reports what detects them.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/mutation/defects/hunt.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct HuntCommand {
  std::vector<std::string> names;  ///< defects by the beginning of a name; empty for all
  HuntOptions options;
  std::string table;                ///< also write the table to this file
  std::vector<std::string> errors;  ///< earlier errors, reported with the rest
};

/// Prints each phase, one line for each defect, each difference from what its patch says, and the
/// table. Exit status 1 if any differs. The findings go into `results`, also if the hunt ends
/// early.
[[nodiscard]] ExitStatus hunt_defects(const HuntCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
