// `fiberproof report`: turns the results of `--json` into what CI services read.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ReportCommand {
  std::string input;  ///< results of `--json`; `-` is standard input
  std::string json;   ///< where this command's own results go, if anywhere
  // Files to write; `-` is standard output, empty is none.
  std::string junit;
  std::string sarif;
  std::string markdown;
  std::string html;
};

/// Writes what was asked for, or one line for each error and nothing. A report of failures is no
/// failure.
ExitStatus write_reports(const ReportCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
