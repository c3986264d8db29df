// `fiberproof contract frame`: what the contracts let code change without a word about it.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Prints, for each contract of these files or, without any, for each of the project's own, the
/// parts of the state that no clause claims, with their reasons. Fails for a part without a reason,
/// and for a reason that nothing needs.
ExitStatus list_frame_conditions(const std::vector<std::string>& paths, nlohmann::json& results);

}  // namespace fiberproof::verify
