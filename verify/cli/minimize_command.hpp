// `fiberproof minimize`: finds a shorter Program that ends in the same way.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

/// Minimises the program at `path` and writes the result, with the observed ending as its `expect`,
/// to `out`, by default to `path` with `.min.program` appended. Refuses to overwrite a file, and to
/// minimise a program that passes. `-` is standard input as `path`, and standard output as `out`,
/// which is then the default. A summary goes into `results`.
ExitStatus minimize_file(const std::string& path, const std::string& out, nlohmann::json& results);

}  // namespace fiberproof::verify
