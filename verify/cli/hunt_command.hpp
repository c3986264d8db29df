// `fiberproof hunt`: known bugs put into core, and who sees them.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/hunt/hunt.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

struct HuntCommand {
  std::vector<std::string> names;  ///< defects by the beginning of a name; empty for all
  HuntOptions options;
  std::string json;   ///< findings are written to this file, too
  std::string table;  ///< the table as well
};

/// Prints one line for each defect, how it differs from what its patch says, and the table. Exit
/// status 1 where any differs.
ExitStatus hunt_defects(const HuntCommand& command);

}  // namespace fiberproof::verify
