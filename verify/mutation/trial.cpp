#include "verify/mutation/trial.hpp"

#include "fuzz/replay/crash_kind.hpp"
#include "fuzz/replay/crash_recorder.hpp"
#include "fuzz/replay/input_files.hpp"
#include "verify/mutation/changed_tree.hpp"
#include "verify/process/interruption.hpp"
#include "verify/process/process.hpp"
#include "verify/target/target_end.hpp"

#include <fmt/format.h>
#include <array>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

struct EngineRun {
  ProcessEnd end;
  std::string text;  // what it said, less its progress
  std::string artefact;
  std::uint64_t executions = 0;
};

std::uint64_t number_at(std::string_view line, std::size_t begin) {
  return std::strtoull(std::string(line.substr(begin)).c_str(), nullptr, 10);
}

EngineRun run_engine(const std::vector<std::string>& arguments, const std::string& recording = {}) {
  constexpr std::string_view artefact_mark = "Test unit written to ";
  constexpr std::string_view executed = "stat::number_of_executed_units:";
  constexpr std::size_t text_bytes_max = 256 * 1024;
  EngineRun run;
  std::vector<std::string> environment = sanitizer_environment();
  if (!recording.empty()) {
    environment.push_back(std::string(fuzz::recorder_variable) + "=" + recording);
  }
  const auto read = [&](const std::string& line) {
    if (line.starts_with(executed)) {
      run.executions = number_at(line, executed.size());
    } else if (const auto at = line.find(artefact_mark); at != line.npos) {
      run.artefact = line.substr(at + artefact_mark.size());
    } else if (line.starts_with('#')) {
      run.executions = number_at(line, 1);
    }
    if (!line.starts_with('#') && run.text.size() < text_bytes_max) run.text += line + '\n';
  };
  // What an engine makes of comparisons depends on addresses: with the same ones each time, a
  // search takes the same steps whenever it is made.
  run.end = run_process(arguments, environment, read, Addresses::same);
  return run;
}

// What crashes before main() or dies so that the engine cannot speak has no summary: SIGKILL, a
// destroyed signal stack, a reporter that crashes itself. The signal tells these apart.
std::string kind_of(const EngineRun& run) {
  constexpr int signalled = 128;
  const std::string kind = fuzz::kind_of_crash(run.text);
  if (!kind.empty()) return kind;
  const int code = run.end.exit_code;
  const char* const signal = code > signalled ? ::sigabbrev_np(code - signalled) : nullptr;
  return signal == nullptr ? fmt::format("exit status {} without a report", code)
                           : fmt::format("SIG{} without a report", signal);
}

// Why the machine does not let the target run, where that is how it ended: without any input it
// ends so as well. Of an oracle's or a sanitizer's report no machine is to blame.
std::optional<std::string> refusal_of_the_machine(const TrialOptions& options,
                                                  const EngineRun& run) {
  const std::string kind = fuzz::kind_of_crash(run.text);
  if (!kind.empty() && kind != "LeakSanitizer: fatal error") return std::nullopt;
  std::deque<std::string> lines;
  const ProcessEnd end = run_process({options.program, "-help=1"}, sanitizer_environment(),
                                     [&lines](const std::string& line) { lines.push_back(line); });
  if (end.interrupted) return std::nullopt;
  return known_refusal(end, lines);
}

// From an empty corpus. Each input goes to `recording`, where that is not empty.
EngineRun search(const TrialOptions& options, const std::string& recording) {
  return run_engine({options.program, fmt::format("-seed={}", options.seed),
                     fmt::format("-runs={}", options.executions_max),
                     fmt::format("-artifact_prefix={}/{}-", options.folder, options.seed),
                     "-max_len=4096", "-timeout=25", "-rss_limit_mb=2560", "-print_final_stats=1"},
                    recording);
}

// With all that addresses depend on as it was: also a recording, under a name as long. The one that
// is there stays.
EngineRun search_again(const TrialOptions& options, const std::string& recording) {
  const std::string first = recording + "-first";
  std::error_code ignored;
  filesystem::rename(recording, first, ignored);
  EngineRun again = search(options, recording);
  filesystem::remove(recording, ignored);
  filesystem::rename(first, recording, ignored);
  return again;
}

// The last inputs of a process, each as a file of its own; nothing where none are on record.
std::vector<std::string> recorded_inputs(const std::string& recording) {
  std::vector<std::string> files;
  const auto inputs = fuzz::read_inputs(recording);
  if (!inputs) return files;
  for (const fuzz::Input& input : *inputs) {
    files.push_back(fmt::format("{}.{:04}", recording, files.size()));
    std::ofstream file(files.back(), std::ios::binary);
    for (const std::uint8_t byte : input.bytes) file.put(static_cast<char>(byte));
  }
  return files;
}

// The last input on record as a file, for a death that left the engine no time to write one. Empty
// where none is on record.
std::string last_input_of(const std::string& recording) {
  const auto inputs = fuzz::read_inputs(recording);
  if (!inputs || inputs->empty()) return {};
  const std::string path = recording + "-last-input";
  std::ofstream file(path, std::ios::binary);
  for (const std::uint8_t byte : inputs->back().bytes) file.put(static_cast<char>(byte));
  return path;
}

// By the very program that crashed, since what a sanitizer sees no other one does. The input alone
// twice, so that used stacks and records are met as well; the recorded ones as they were.
Replays replays(const TrialOptions& options, const std::string& artefact,
                const std::string& recording, const std::string& kind) {
  const auto crashes_again = [&](unsigned runs, const std::vector<std::string>& inputs) {
    std::vector<std::string> command{options.program, fmt::format("-runs={}", runs), "-timeout=25",
                                     "-rss_limit_mb=2560"};
    command.insert(command.end(), inputs.begin(), inputs.end());
    const EngineRun again = run_engine(command);
    // Where a wild write goes to is another's memory in one process and nobody's in the next: what
    // a process says as it dies may differ, but it must say something.
    return again.end.exit_code != 0 &&
           (kind_of(again) == kind || !fuzz::kind_of_crash(again.text).empty());
  };
  if (!artefact.empty() && crashes_again(2, {artefact})) return Replays::alone;
  const std::vector<std::string> inputs = recorded_inputs(recording);
  if (!inputs.empty() && crashes_again(1, inputs)) return Replays::in_sequence;
  const EngineRun again = search_again(options, recording);
  return again.end.exit_code != 0 && kind_of(again) == kind ? Replays::by_seed : Replays::no;
}

}  // namespace

std::string_view name_of(Replays replays) {
  constexpr std::array<std::string_view, 4> names{"no", "alone", "in sequence", "by its seed"};
  return names[static_cast<std::size_t>(replays)];
}

std::expected<Trial, std::string> run_trial(const TrialOptions& options) {
  std::error_code refused;
  filesystem::create_directories(options.folder, refused);
  if (refused) {
    return std::unexpected(fmt::format("{}: {}", options.folder, refused.message()));
  }
  const std::string recording = fmt::format("{}/{}-recording", options.folder, options.seed);
  const EngineRun run = search(options, recording);
  if (run.end.interrupted) return std::unexpected(std::string(interrupted));
  if (!run.end.started) {
    return std::unexpected(fmt::format("{}: {}", options.program, run.end.why_not_started));
  }
  Trial trial;
  trial.executions = run.executions;
  if (run.end.exit_code == 0) return trial;
  if (const auto refusal = refusal_of_the_machine(options, run)) {
    return std::unexpected(fmt::format("{}: {}", options.program, *refusal));
  }
  trial.found = true;
  trial.kind = kind_of(run);
  trial.artefact = run.artefact.empty() ? last_input_of(recording) : run.artefact;
  std::ofstream(fmt::format("{}/{}-output", options.folder, options.seed)) << run.text;
  trial.replays = replays(options, trial.artefact, recording, trial.kind);
  if (is_interrupted()) return std::unexpected(std::string(interrupted));
  return trial;
}

}  // namespace fiberproof::verify
