// `fiberproof check`: everything that a repository's fiberproof.toml asks for.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// Runs every proof of the file at `path`, then the engines. A theorem that the file lists and that
/// did not run fails, and one that ran and is not listed does, too. Returns the worst status.
ExitStatus check_project(const std::string& path, nlohmann::json& results);

}  // namespace fiberproof::verify
