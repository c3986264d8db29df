// `fiberproof explain`: what a program does, for people.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <string>

namespace fiberproof::verify {

/// Prints the program at `path`, what happens step by step, how it ended when run natively, and the
/// stack of the continuation that took the last step. To have explained a failure is no failure.
ExitStatus explain_file(const std::string& path);

}  // namespace fiberproof::verify
