// `fiberproof replay`: Program files on real stacks, each compared with what it records.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

struct ReplayReport {
  ExitStatus status = ExitStatus::ok;
  std::size_t as_recorded = 0;
  std::size_t different = 0;
  std::size_t unreadable = 0;
};

/// Replays files and folders of files, one line each; `quiet` prints only what is not as recorded.
ReplayReport run_replays(const std::vector<std::string>& paths, bool quiet);

}  // namespace fiberproof::verify
