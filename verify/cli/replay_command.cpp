#include "verify/cli/replay_command.hpp"

#include "fuzz/replay/replay.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/fuzz_input.hpp"
#include "verify/cli/terminal.hpp"
#include "verify/cli/wording.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

fuzz::Replay replay(const std::string& path) {
  const auto program = std::make_unique<fuzz::Program>();
  if (const auto read = read_program_or_input(path, *program); !read) {
    return {fuzz::Replay::Verdict::unreadable, read.error(), {}};
  }
  return fuzz::replay_program(path, *program);
}

void take(const std::string& path, const fuzz::Replay& replay, bool quiet, ReplayReport& report) {
  switch (replay.verdict) {
    case fuzz::Replay::Verdict::as_recorded:
      ++report.as_recorded;
      if (!quiet) fmt::print("{}\n", replay.line);
      report.programs.push_back({path, "as_recorded", replay.line});
      break;
    case fuzz::Replay::Verdict::different:
      ++report.different;
      fmt::print("{}\n{}", replay.line, replay.report);
      report.programs.push_back({path, "different", replay.line});
      break;
    case fuzz::Replay::Verdict::unreadable:
      ++report.unreadable;
      complain(replay.line);
      report.programs.push_back({path, "not_read", replay.line});
      break;
  }
}

}  // namespace

ReplayReport run_replays(const std::vector<std::string>& paths, bool quiet) {
  ReplayReport report;
  std::vector<std::string> inputs;
  for (const std::string& path : paths) inputs.push_back(input_path(path));
  const fuzz::ExpandedPaths files = fuzz::expand_paths(inputs);
  for (const std::string& error : files.errors) {
    complain(error);
    ++report.unreadable;
  }
  StatusLine progress;
  for (const std::string& path : files.programs) {
    progress.show(fmt::format("[{}/{}] {}", report.programs.size(), files.programs.size(), path));
    const fuzz::Replay replayed = replay(path);
    progress.clear();
    if (is_interrupted()) break;
    take(path, replayed, quiet, report);
    if (!quiet) flush();
  }
  fmt::print("replayed {}: {} as recorded, {} different, {} not read\n",
             counted(report.programs.size(), "program"), report.as_recorded, report.different,
             report.unreadable);
  if (report.different > 0) report.status = ExitStatus::failed;
  if (report.unreadable > 0) report.status = worse(report.status, ExitStatus::could_not_run);
  return report;
}

nlohmann::json to_json(const ReplayReport& report) {
  nlohmann::json programs = nlohmann::json::array();
  for (const ReplayedProgram& program : report.programs) {
    programs.push_back(
        {{"path", program.path}, {"verdict", program.verdict}, {"line", program.line}});
  }
  return {{"programs", programs},
          {"as_recorded", report.as_recorded},
          {"different", report.different},
          {"not_read", report.unreadable}};
}

std::string input_path(const std::string& path) {
  return path == "-" ? "/dev/stdin" : path;
}

}  // namespace fiberproof::verify
