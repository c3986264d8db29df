#include "verify/cli/fuzz_command.hpp"

#include "fuzz/generate.hpp"
#include "fuzz/program.hpp"
#include "verify/cli/process.hpp"
#include "verify/cli/prove_command.hpp"

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
      fmt::print("{}{}: {} executions, {} per second, coverage {}, corpus {}{}",
                 is_terminal_ ? "\r\x1b[K" : "", report_.target, executions,
                 rate.empty() ? "?" : rate, coverage.empty() ? "?" : coverage,
                 report_.corpus_inputs, is_terminal_ ? "" : "\n");
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
std::string program_of(const std::string& target, const std::string& artifact) {
  std::ifstream file(artifact, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  auto program = std::make_unique<fuzz::Program>();
  const bool is_text = fuzz::has_program_magic(bytes);
  if (is_text && !fuzz::parse(bytes, *program)) return {};
  if (!is_text) {
    const std::span<const std::uint8_t> data(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                             bytes.size());
    target == "layout" ? fuzz::generate_layout_program(data, *program)
                       : fuzz::generate_trampoline_program(data, *program);
  }
  const std::string path = artifact + ".program";
  std::ofstream(path) << fuzz::print(*program);
  return path;
}

void print_finding(const TargetReport& report, const Progress& progress) {
  for (const std::string& line : progress.tail()) {
    // libFuzzer's progress is told already; the rest is what the oracle or the sanitizer has to
    // say.
    if (!line.starts_with('#') && !line.starts_with("INFO:")) fmt::print("  {}\n", line);
  }
  if (progress.artifact().empty()) {
    fmt::print("{}: crashed without an artefact\n", report.target);
    return;
  }
  const std::string program = program_of(report.target, progress.artifact());
  fmt::print("{}: found after {} executions: {}\n", report.target, report.executions,
             progress.artifact());
  if (!program.empty())
    fmt::print("{}: replay with: fiberproof replay {}\n", report.target, program);
}

std::map<std::string, std::uint64_t> read_counts(const std::string& path) {
  std::ifstream file(path);
  const auto counts = nlohmann::json::parse(file, nullptr, false);
  if (counts.is_discarded() || !counts.is_object()) return {};
  return counts.get<std::map<std::string, std::uint64_t>>();
}

// A folder that is gone when this is.
struct TemporaryFolder {
  TemporaryFolder() {
    path = filesystem::temp_directory_path() / "fiberproof-XXXXXX";
    made = ::mkdtemp(path.data()) != nullptr;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    filesystem::remove_all(path, ignored);
  }
  std::string path;
  bool made = false;
};

ExitStatus run_target(const FuzzOptions& options, TargetReport& report) {
  const TemporaryFolder folder;
  const std::string found =
      options.corpus.empty() ? folder.path + "/found" : options.corpus + "/" + report.target;
  std::error_code refused;
  filesystem::create_directories(found, refused);
  filesystem::create_directories(options.artifacts, refused);
  if (!folder.made || refused) {
    fmt::print(stderr, "fiberproof: {}: cannot be made: {}\n", found, refused.message());
    return ExitStatus::could_not_run;
  }
  std::vector<std::string> arguments{
      target_path(report.target),
      fmt::format("-max_total_time={}", options.seconds),
      fmt::format("-artifact_prefix={}/{}-", options.artifacts, report.target),
      "-print_final_stats=1",
      "-timeout=25",
      "-rss_limit_mb=2560",
      "-max_len=4096",
      found,
      std::string(FIBERPROOF_CORPUS) + "/seeds/" + report.target};
  if (options.jobs > 1) {
    arguments.insert(arguments.begin() + 1, {fmt::format("-fork={}", options.jobs)});
  }
  const std::string counts = folder.path + "/counts.json";
  Progress progress(report, ::isatty(STDOUT_FILENO) != 0);
  const ProcessEnd end = run_process(
      arguments,
      {"FIBERPROOF_ORACLE_COUNTS=" + counts,
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
    fmt::print(stderr, "fiberproof: {}: interrupted\n", report.target);
    return ExitStatus::could_not_run;
  }
  if (end.exit_code != 0) {
    print_finding(report, progress);
    return ExitStatus::failed;
  }
  // A target whose oracles were never asked has shown nothing.
  if (report.oracle_counts.empty() && options.jobs == 1) {
    fmt::print(stderr, "fiberproof: {}: does not tell what its oracles checked\n", arguments[0]);
    return ExitStatus::could_not_run;
  }
  return ExitStatus::ok;
}

}  // namespace

const std::vector<std::string>& fuzz_targets() {
  static const std::vector<std::string> targets{"layout", "trampoline"};
  return targets;
}

std::string target_path(const std::string& target) {
  return filesystem::path(own_path()).parent_path() / (target + "_fuzzer");
}

FuzzReport run_fuzzers(const FuzzOptions& options) {
  FuzzReport report;
  for (const std::string& target : options.targets.empty() ? fuzz_targets() : options.targets) {
    if (std::ranges::find(fuzz_targets(), target) == fuzz_targets().end()) {
      fmt::print(stderr, "fiberproof: there is no target '{}'\n", target);
      report.status = ExitStatus::could_not_run;
      return report;
    }
    TargetReport& entry = report.targets.emplace_back();
    entry.target = target;
    report.status = worse(report.status, run_target(options, entry));
  }
  return report;
}

}  // namespace fiberproof::verify
