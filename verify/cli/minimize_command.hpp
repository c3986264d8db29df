// `fiberproof minimize`: a shorter program that ends in the same way.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// Minimises the program at `path` and writes the result, with what was seen as its `expect`, to
/// `out`: where that is empty, to `path` with `.min.program` appended. A file that is there is not
/// overwritten, and a program that passes could not be minimised. `-` is standard input as `path`,
/// and standard output as `out`, which it is by default then. What was done goes into `results`.
ExitStatus minimize_file(const std::string& path, const std::string& out, nlohmann::json& results);

}  // namespace fiberproof::verify
