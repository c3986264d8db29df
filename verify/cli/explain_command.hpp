// `fiberproof explain`: describes a Program for people.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// Prints the program at `path`, its steps, the outcome of a native run, and the stack of the
/// continuation that took the last step. Explaining a failure successfully is no failure. `-` is
/// standard input. The same lines go into `results`.
ExitStatus explain_file(const std::string& path, nlohmann::json& results);

}  // namespace fiberproof::verify
