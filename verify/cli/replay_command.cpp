#include "verify/cli/replay_command.hpp"

#include "fuzz/replay/replay.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {

ReplayReport run_replays(const std::vector<std::string>& paths, bool quiet) {
  ReplayReport report;
  const fuzz::ExpandedPaths files = fuzz::expand_paths(paths);
  for (const std::string& error : files.errors) {
    fmt::print(stderr, "fiberproof: {}\n", error);
    ++report.unreadable;
  }
  for (const std::string& path : files.programs) {
    const fuzz::Replay replay = fuzz::replay_file(path);
    switch (replay.verdict) {
      case fuzz::Replay::Verdict::as_recorded:
        ++report.as_recorded;
        if (!quiet) fmt::print("{}\n", replay.line);
        break;
      case fuzz::Replay::Verdict::different:
        ++report.different;
        fmt::print("{}\n{}", replay.line, replay.report);
        break;
      case fuzz::Replay::Verdict::unreadable:
        ++report.unreadable;
        fmt::print(stderr, "fiberproof: {}\n", replay.line);
        break;
    }
  }
  fmt::print("replayed {} programs: {} as recorded, {} different, {} not read\n",
             files.programs.size(), report.as_recorded, report.different, report.unreadable);
  if (report.different > 0) report.status = ExitStatus::failed;
  if (report.unreadable > 0) report.status = ExitStatus::could_not_run;
  return report;
}

}  // namespace fiberproof::verify
