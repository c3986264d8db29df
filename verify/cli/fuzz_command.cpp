#include "verify/cli/fuzz_command.hpp"

#include "fuzz/machine/generate.hpp"
#include "fuzz/start/generate.hpp"
#include "verify/cli/process.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/cli/recordings.hpp"
#include "verify/cli/temporary_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

// What libFuzzer says of itself, read from its lines.
class Progress {
 public:
  Progress(TargetReport& report, bool is_terminal) : report_(report), is_terminal_(is_terminal) {}

  void operator()(const std::string& line) {
    constexpr std::string_view artifact_mark = "Test unit written to ";
    if (line.starts_with("stat::number_of_executed_units:")) {
      report_.executions = last_number(line);
    } else if (line.starts_with("stat::average_exec_per_sec:")) {
      report_.executions_per_second = last_number(line);
    } else if (const auto at = line.find(artifact_mark); at != std::string::npos) {
      artifact_ = line.substr(at + artifact_mark.size());
      ++report_.findings;
    } else if (line.starts_with('#')) {
      read_status(line);
    }
    tail_.push_back(line);
    if (tail_.size() > tail_lines_max) tail_.pop_front();
  }

  const std::string& artifact() const { return artifact_; }
  const std::deque<std::string>& tail() const { return tail_; }
  void end_line() const {
    if (printed_ && is_terminal_) fmt::print("\n");
  }

 private:
  static constexpr std::size_t tail_lines_max = 200;

  static std::uint64_t last_number(const std::string& line) {
    return std::strtoull(line.c_str() + line.find_last_of(' '), nullptr, 10);
  }

  // "#4096 pulse cov: 300 ft: 900 corp: 120/3kb lim: 40 exec/s: 2048 rss: 40Mb"
  void read_status(const std::string& line) {
    std::istringstream words(line.substr(1));
    std::uint64_t executions = 0;
    std::string event;
    std::string coverage;
    std::string rate;
    words >> executions >> event;
    for (std::string word; words >> word;) {
      if (word == "cov:") words >> coverage;
      if (word == "exec/s:") words >> rate;
      if (word == "corp:" && words >> word) {
        report_.corpus_inputs = std::strtoull(word.c_str(), nullptr, 10);
      }
    }
    report_.executions = executions;
    const bool is_milestone = event == "INITED" || event == "pulse" || event == "DONE";
    if (is_terminal_ ? event != "REDUCE" : is_milestone) {
      printed_ = true;
      fmt::print("{}{}: {} executions, {} per second, coverage {}, corpus {}, found {}{}",
                 is_terminal_ ? "\r\x1b[K" : "", report_.target, executions,
                 rate.empty() ? "?" : rate, coverage.empty() ? "?" : coverage,
                 report_.corpus_inputs, report_.findings, is_terminal_ ? "" : "\n");
      std::fflush(stdout);
    }
  }

  TargetReport& report_;
  bool is_terminal_;
  bool printed_ = false;
  std::string artifact_;
  std::deque<std::string> tail_;
};

// The Program that a crashing input stands for, kept beside it as text.
std::string program_of(const FuzzTarget& target, const std::string& artifact) {
  std::ifstream file(artifact, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::span<const std::uint8_t> data(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                           bytes.size());
  const auto program = std::make_unique<fuzz::AnyProgram>();
  if (!fuzz::make_program(data, target.generator, *program)) return {};
  const std::string path = artifact + ".program";
  std::ofstream(path) << fuzz::print(*program);
  return path;
}

std::string replay_path(const FuzzTarget& target) {
  return filesystem::path(own_path()).parent_path() / (target.name + "_replay");
}

std::string replay_line(const FuzzTarget& target, const std::string& artifact) {
  if (!target.runs_programs()) {
    return fmt::format("{} {}", replay_path(target), artifact);
  }
  const std::string program = program_of(target, artifact);
  return program.empty() ? "" : fmt::format("fiberproof replay {}", program);
}

// libFuzzer's progress is told already, and the line that replays comes with the real file; the
// rest is what the oracle or the sanitizer has to say.
bool belongs_to_a_finding(const std::string& line) {
  return !line.starts_with('#') && !line.starts_with("INFO:") &&
         !line.starts_with("  to replay: write the program to FILE");
}

void print_finding(const FuzzTarget& target, const TargetReport& report, const Progress& progress) {
  for (const std::string& line : progress.tail()) {
    if (belongs_to_a_finding(line)) fmt::print("  {}\n", line);
  }
  if (progress.artifact().empty()) {
    fmt::print("{}: crashed without an artefact\n", report.target);
    return;
  }
  const std::string replay = replay_line(target, progress.artifact());
  fmt::print("{}: found after {} executions: {}\n", report.target, report.executions,
             progress.artifact());
  if (!replay.empty()) fmt::print("{}: replay with: {}\n", report.target, replay);
}

std::map<std::string, std::uint64_t> read_counts(const std::string& path) {
  std::ifstream file(path);
  const auto counts = nlohmann::json::parse(file, nullptr, false);
  if (counts.is_discarded() || !counts.is_object()) return {};
  return counts.get<std::map<std::string, std::uint64_t>>();
}

// As libFuzzer wants them. A target need not have seeds.
std::vector<std::string> engine_arguments(const FuzzOptions& options, const FuzzTarget& target,
                                          const std::string& found) {
  std::vector<std::string> arguments{
      target_path(target.name),
      fmt::format("-max_total_time={}", options.seconds),
      fmt::format("-artifact_prefix={}/{}-", options.artifacts, target.name),
      "-print_final_stats=1",
      "-timeout=25",
      "-rss_limit_mb=2560",
      "-max_len=4096"};
  if (options.jobs > 1) arguments.push_back(fmt::format("-fork={}", options.jobs));
  arguments.push_back(found);
  const std::string seeds = std::string(FIBERPROOF_CORPUS) + "/seeds/" + target.seeds;
  if (filesystem::is_directory(seeds)) arguments.push_back(seeds);
  return arguments;
}

ExitStatus run_target(const FuzzOptions& options, const FuzzTarget& target, TargetReport& report) {
  const TemporaryFolder folder;
  if (folder.path().empty()) {
    fmt::print(stderr, "fiberproof: no temporary folder can be made\n");
    return ExitStatus::could_not_run;
  }
  const std::string found =
      options.corpus.empty() ? folder.path() + "/found" : options.corpus + "/" + report.target;
  std::error_code refused;
  filesystem::create_directories(found, refused);
  filesystem::create_directories(options.artifacts, refused);
  if (refused) {
    fmt::print(stderr, "fiberproof: {}: cannot be made: {}\n", found, refused.message());
    return ExitStatus::could_not_run;
  }
  const std::vector<std::string> arguments = engine_arguments(options, target, found);
  const std::string counts = folder.path() + "/counts.json";
  const Recordings recordings(report.target, options.artifacts);
  Progress progress(report, ::isatty(STDOUT_FILENO) != 0);
  const ProcessEnd end = run_process(
      arguments,
      {"FIBERPROOF_ORACLE_COUNTS=" + counts, recordings.environment(),
       "ASAN_OPTIONS=detect_stack_use_after_return=1:use_sigaltstack=1:quarantine_size_mb=10"},
      std::ref(progress));
  progress.end_line();
  if (!end.started) {
    fmt::print(stderr, "fiberproof: {}: the target is missing\n", arguments[0]);
    return ExitStatus::could_not_run;
  }
  report.oracle_counts = read_counts(counts);
  constexpr int interrupted = 72;  // libFuzzer's exit code after Ctrl-C
  if (end.exit_code == interrupted) {
    recordings.remove();
    fmt::print(stderr, "fiberproof: {}: interrupted\n", report.target);
    return ExitStatus::could_not_run;
  }
  if (end.exit_code != 0) {
    print_finding(target, report, progress);
    recordings.print_replay(replay_path(target));
    return ExitStatus::failed;
  }
  recordings.remove();
  // A target whose oracles were never asked has shown nothing.
  if (target.runs_programs() && report.oracle_counts.empty() && options.jobs == 1) {
    fmt::print(stderr, "fiberproof: {}: does not tell what its oracles checked\n", arguments[0]);
    return ExitStatus::could_not_run;
  }
  return ExitStatus::ok;
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  constexpr fuzz::Generator* machine_program =
      &fuzz::generate_any<fuzz::MachineProgram, fuzz::generate_machine_program>;
  static const std::vector<FuzzTarget> targets{
      {"layout", "layout", &fuzz::generate_any<fuzz::Program, fuzz::generate_layout_program>},
      {"trampoline", "trampoline",
       &fuzz::generate_any<fuzz::Program, fuzz::generate_trampoline_program>},
      {"program", "program", machine_program},
      {"walk", "program", machine_program},
      {"object", "object", nullptr},
      {"instruction", "instruction", nullptr}};
  return targets;
}

std::string target_path(const std::string& target) {
  return filesystem::path(own_path()).parent_path() / (target + "_fuzzer");
}

FuzzReport run_fuzzers(const FuzzOptions& options) {
  FuzzReport report;
  std::vector<FuzzTarget> chosen =
      options.targets.empty() ? fuzz_targets() : std::vector<FuzzTarget>{};
  for (const std::string& name : options.targets) {
    const auto target = std::ranges::find(fuzz_targets(), name, &FuzzTarget::name);
    if (target == fuzz_targets().end()) {
      fmt::print(stderr, "fiberproof: there is no target '{}'\n", name);
      report.status = ExitStatus::could_not_run;
      return report;
    }
    chosen.push_back(*target);
  }
  for (const FuzzTarget& target : chosen) {
    TargetReport& entry = report.targets.emplace_back();
    entry.target = target.name;
    report.status = worse(report.status, run_target(options, target, entry));
  }
  return report;
}

}  // namespace fiberproof::verify
