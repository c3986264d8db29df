// `fiberproof list`: the names that other subcommands take.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The subjects that can be listed.
std::vector<std::string> list_subjects();

/// Prints one line for each entry of `subject`, and adds the same to `results`.
ExitStatus list(const std::string& subject, nlohmann::json& results);

}  // namespace fiberproof::verify
