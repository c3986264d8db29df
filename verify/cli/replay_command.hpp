// `fiberproof replay`: runs Program files on real stacks, and compares each with what it records.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ReplayedProgram {
  std::string path;
  std::string verdict;  ///< `as_recorded`, `different` or `not_read`
  std::string line;     ///< the outcome in one line
};

struct ReplayReport {
  ExitStatus status = ExitStatus::ok;
  std::size_t as_recorded = 0;
  std::size_t different = 0;
  std::size_t unreadable = 0;
  std::vector<ReplayedProgram> programs;
};

/// Replays files and folders of files, one line each; `quiet` prints only differences. The path `-`
/// is standard input.
ReplayReport run_replays(const std::vector<std::string>& paths, bool quiet);

nlohmann::json to_json(const ReplayReport& report);

/// The path that is read for a path on the command line: `-` is standard input.
std::string input_path(const std::string& path);

}  // namespace fiberproof::verify
