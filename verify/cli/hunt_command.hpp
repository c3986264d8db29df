// `fiberproof hunt`: known bugs put into core, and what notices them.
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
  std::vector<std::string> errors;  ///< found before, and reported with the rest
};

/// Prints each phase, one line for each defect, how it differs from what its patch says, and the
/// table. Exit status 1 where any differs. What was found goes into `results`, also of a hunt that
/// ends early.
[[nodiscard]] ExitStatus hunt_defects(const HuntCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
