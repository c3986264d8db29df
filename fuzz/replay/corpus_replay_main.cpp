// corpus_replay FILE|DIRECTORY…: replays Program texts. Exit status 0 only if there is at least
// one and every one behaves as it records, 1 where one does not, 2 where one could not be read or
// run.
#include "fuzz/oracle/report.hpp"
#include "fuzz/replay/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

int main(int argument_count, char** arguments) {
  using namespace fiberproof::fuzz;
  const std::vector<std::string> paths(arguments + 1, arguments + argument_count);
  const ExpandedPaths expanded = expand_paths(paths);
  int status = 0;
  for (const std::string& error : expanded.errors) {
    fmt::print("{}\n", error);
    status = 2;
  }
  for (const std::string& path : expanded.programs) {
    const Replay replay = replay_file(path);
    fmt::print("{}\n", replay.line);
    if (replay.verdict != Replay::Verdict::as_recorded) {
      std::fflush(stdout);
      fmt::print(stderr, "{}", replay.report);
      status = replay.verdict == Replay::Verdict::unreadable ? 2 : std::max(status, 1);
    }
  }
  return status;
}
