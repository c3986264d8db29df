// `fiberproof replay`: Program files on real stacks, each compared with what it records.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ReplayedProgram {
  std::string path;
  std::string verdict;  ///< `as_recorded`, `different` or `not_read`
  std::string line;     ///< what happened
};

struct ReplayReport {
  ExitStatus status = ExitStatus::ok;
  std::size_t as_recorded = 0;
  std::size_t different = 0;
  std::size_t unreadable = 0;
  std::vector<ReplayedProgram> programs;
};

/// Replays files and folders of files, one line each; `quiet` prints only what is not as recorded.
/// The path `-` is standard input.
ReplayReport run_replays(const std::vector<std::string>& paths, bool quiet);

nlohmann::json to_json(const ReplayReport& report);

/// Where a path on the command line is read from: `-` is standard input.
std::string input_path(const std::string& path);

}  // namespace fiberproof::verify
