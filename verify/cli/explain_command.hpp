// `fiberproof explain`: what a program does, for people.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// Prints the program at `path`, what happens step by step, how it ended when run natively, and the
/// stack of the continuation that took the last step. To have explained a failure is no failure.
/// `-` is standard input. The same lines go into `results`.
ExitStatus explain_file(const std::string& path, nlohmann::json& results);

}  // namespace fiberproof::verify
