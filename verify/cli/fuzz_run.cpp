#include "verify/cli/fuzz_run.hpp"

#include "fuzz/replay/crash_recorder.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/engine_output.hpp"
#include "verify/cli/fuzz_progress.hpp"
#include "verify/cli/kept_finding.hpp"
#include "verify/cli/suggestion.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/process/interruption.hpp"
#include "verify/process/process.hpp"
#include "verify/process/temporary_folder.hpp"
#include "verify/target/target_end.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;
using Clock = std::chrono::steady_clock;

class TargetRun {
 public:
  enum class Attempt { first, last };

  TargetRun(const FuzzOptions& options, const FuzzTarget& target, Attempt attempt,
            TargetReport& report)
      : options_(options),
        target_(target),
        attempt_(attempt),
        report_(report),
        outputs_(options.jobs) {}

  /// Whether the run says nothing, since the computer seems to have stood still.
  bool wants_another() const { return wants_another_; }

  ExitStatus run() {
    if (folder_.path().empty()) return could_not_run(folder_.error());
    if (const auto refusal = prepare()) return could_not_run(*refusal);
    if (const auto refusal = try_without_input(); refusal && !is_interrupted()) {
      return could_not_run(fmt::format("{} could not run: {}", target_.name, *refusal));
    }
    if (is_interrupted()) return ExitStatus::could_not_run;
    if (const auto fault = fault_of_flags()) return could_not_run(*fault);
    run_processes_of_target();
    const ExitStatus status = judge();
    return is_interrupted() ? ExitStatus::could_not_run : status;
  }

 private:
  static ExitStatus could_not_run(const std::string& why) {
    complain(why);
    return ExitStatus::could_not_run;
  }

  std::string file(const std::string& name, std::size_t process) const {
    return fmt::format("{}/{}-{}", folder_.path(), name, process);
  }
  std::string counts_of(std::size_t process) const { return file("counts", process); }
  std::string recording_of(std::size_t process) const { return file("recording", process); }
  std::string found() const {
    return options_.corpus.empty() ? folder_.path() + "/found"
                                   : options_.corpus + "/" + target_.name;
  }
  std::string dictionary() const { return folder_.path() + "/program.dict"; }

  // Why the folders and files that a run needs cannot be made.
  std::optional<std::string> prepare() {
    for (const std::string& each : {found(), folder_.path() + "/artifacts"}) {
      std::error_code refused;
      filesystem::create_directories(each, refused);
      if (refused) return fmt::format("{}: cannot be created: {}", each, refused.message());
    }
    if (!target_.runs_programs()) return std::nullopt;
    std::ofstream words(dictionary(), std::ios::binary);
    words << embedded_dictionary().text;
    words.close();
    if (words) return std::nullopt;
    return fmt::format("{}: cannot be written; is there room on the disk?", dictionary());
  }

  std::vector<std::string> environment(std::size_t process) const {
    std::vector<std::string> variables = sanitizer_environment();
    variables.push_back("FIBERPROOF_ORACLE_COUNTS=" + counts_of(process));
    variables.push_back(fmt::format("{}={}", fuzz::recorder_variable, recording_of(process)));
    return variables;
  }

  // Starts it without input: its sanitizers start and end, and no input can be the cause of a
  // failure.
  std::optional<std::string> try_without_input() {
    EngineOutput output;
    const ProcessEnd end = run_process({target_path(target_.name), "-help=1"}, environment(0),
                                       [&](const std::string& line) {
                                         output.read(line);
                                         note_flag(line);
                                       });
    std::error_code ignored;
    filesystem::remove(counts_of(0), ignored);
    filesystem::remove(recording_of(0), ignored);
    return refusal_before_any_input(end, output.tail());
  }

  // The engine's help has a flag a line: ` runs <tab> -1 <tab> Number of …`.
  void note_flag(const std::string& line) {
    if (!line.starts_with(' ') || !line.contains('\t')) return;
    known_flags_.push_back('-' + line.substr(1, line.find_first_of(" \t", 1) - 1));
  }

  // libFuzzer passes over what it does not know, and takes the number that a text begins with.
  std::optional<std::string> fault_of_flags() const {
    constexpr std::array of_text{"-focus_function",  "-stop_file",         "-features_dir",
                                 "-data_flow_trace", "-collect_data_flow", "-seed_inputs"};
    for (const std::string& flag : options_.flags) {
      const std::size_t sign = flag.find('=');
      const std::string name = flag.substr(0, sign);
      if (!known_flags_.empty() && std::ranges::find(known_flags_, name) == known_flags_.end()) {
        return fmt::format("fuzz: libFuzzer has no flag {}{}", name,
                           did_you_mean(name, known_flags_));
      }
      if (std::ranges::find(of_text, name) != of_text.end()) continue;
      int number = 0;
      const char* const end = flag.data() + flag.size();
      const auto [rest, error] = std::from_chars(flag.data() + sign + 1, end, number);
      if (error != std::errc{} || rest != end) {
        return fmt::format("fuzz: '{}': expected a whole number, such as {}=1000", flag, name);
      }
    }
    return std::nullopt;
  }

  // The arguments for libFuzzer. Its processes read each other's finds now and then.
  std::vector<std::string> arguments() const {
    std::vector<std::string> words{target_path(target_.name),
                                   fmt::format("-max_total_time={}", options_.seconds),
                                   fmt::format("-artifact_prefix={}/artifacts/", folder_.path()),
                                   "-print_final_stats=1",
                                   "-print_funcs=0",
                                   "-timeout=25",
                                   "-rss_limit_mb=2560",
                                   "-max_len=4096"};
    if (target_.runs_programs()) words.push_back("-dict=" + dictionary());
    words.insert(words.end(), options_.flags.begin(), options_.flags.end());
    words.push_back(found());
    const auto seeds = seeds_of(options_.seeds, target_.name, target_.seeds);
    if (seeds && !seeds->empty()) words.push_back(*seeds);
    return words;
  }

  void run_processes_of_target() {
    std::vector<ProcessCommand> commands;
    for (std::size_t process = 0; process < options_.jobs; ++process) {
      commands.push_back({arguments(), environment(process), Addresses::any});
    }
    FuzzProgress progress;
    const auto read = [&](std::size_t process, const std::string& line) {
      if (!outputs_[process].read(line)) return;
      add_up(outputs_, report_);
      progress.show(report_, outputs_[process].status().event);
    };
    // More than the fuzzer takes for the seeds and for an input that does not end.
    const auto deadline = Clock::now() + std::chrono::seconds(2ull * options_.seconds + 300);
    ends_ = run_processes(commands, read, [&](bool has_one_failed) {
      is_late_ = Clock::now() > deadline;
      return has_one_failed || is_late_;
    });
    add_up(outputs_, report_);
    for (std::size_t process = 0; process < ends_.size(); ++process) add_counts(process);
    take_artifacts();
    find_out();
    progress.finish(report_);
  }

  void add_counts(std::size_t process) {
    std::ifstream counts(counts_of(process));
    const auto json = nlohmann::json::parse(counts, nullptr, false);
    if (!json.is_object()) return;
    for (const auto& [rule, count] : json.get<std::map<std::string, std::uint64_t>>()) {
      report_.oracle_counts[rule] += count;
    }
  }

  // Several processes may have met the same input.
  void take_artifacts() {
    for (const EngineOutput& output : outputs_) {
      for (const std::string& artifact : output.artifacts()) {
        if (std::ranges::find(found_.artifacts, artifact) == found_.artifacts.end()) {
          found_.artifacts.push_back(artifact);
        }
      }
    }
  }

  // Finds out how each process ended.
  void find_out() {
    for (std::size_t process = 0; process < ends_.size(); ++process) {
      const ProcessEnd& end = ends_[process];
      const EngineOutput& output = outputs_[process];
      if (end.interrupted || end.stopped) continue;
      TargetEnd judged = judge_end(end, output.tail(), !output.artifacts().empty());
      if (judged.blame == Blame::none) continue;
      if (judged.blame == Blame::system || !is_shown(judged, output)) {
        refusal_ = judged.reason;
        continue;
      }
      found_.recordings.push_back(recording_of(process));
      if (report_.findings == 0) found_first_ = {process, judged.reason};
      ++report_.findings;
    }
  }

  ExitStatus judge() {
    if (report_.findings > 0) {
      print_report();
      found_.scratch = folder_.path();
      keep_finding(target_, found_, options_.artifacts);
      return ExitStatus::failed;
    }
    if (!refusal_.empty() && is_lone_timeout_ && attempt_ == Attempt::first) {
      wants_another_ = true;
      fmt::print("{}: {}, as when the computer stands still: once more\n", target_.name, refusal_);
      return ExitStatus::ok;
    }
    if (!refusal_.empty()) {
      return could_not_run(fmt::format("{} could not run to its end: {}", target_.name, refusal_));
    }
    return judge_good_end();
  }

  // The target is to blame for a crash that its fuzzer saw, and for death by a signal that a wild
  // write causes. A timeout or a lack of memory, perhaps on a busy computer, must happen again.
  bool is_shown(TargetEnd& judged, const EngineOutput& output) {
    if (judged.blame == Blame::target) return true;
    const bool is_crash = judged.reason.starts_with("crashed: ") ||
                          judged.reason.starts_with("SUMMARY: libFuzzer: deadly");
    if (is_crash && report_.executions > 0) return true;
    const bool is_again = std::ranges::any_of(output.artifacts(), [this](const auto& artifact) {
      return run_again(target_, artifact, folder_.path()).is_finding;
    });
    is_lone_timeout_ = !is_again && judged.reason.starts_with("SUMMARY: libFuzzer: timeout");
    if (!is_again) judged.reason += "; the same input does not reproduce it";
    return is_again && !(judged.is_of_memory && is_shown_by_nothing());
  }

  // The empty input, which needs less than any other.
  std::string nothing() const {
    std::string path = folder_.path() + "/nothing";
    std::ofstream(path, std::ios::binary).close();
    return path;
  }
  bool is_shown_by_nothing() const {
    return run_again(target_, nothing(), folder_.path()).is_finding;
  }

  // Spoilt by the target; the system may also refuse LeakSanitizer a thread later than at the
  // start.
  bool is_leak_check_spoilt(TargetEnd& judged, const EngineOutput& output) const {
    const std::string input = output.artifacts().empty() ? nothing() : output.artifacts().front();
    const ShownAgain again = run_again(target_, input, folder_.path(), {verbose_leak_check()});
    if (again.is_finding && !is_leak_check_refused(again.lines)) return true;
    judged.reason = leak_check_advice();
    return false;
  }

  void print_report() const {
    const auto& [process, reason] = found_first_;
    for (const std::string& line : outputs_[process].tail()) fmt::print("  {}\n", line);
    fmt::print("{}: found after {} executions: {}\n", target_.name, report_.executions, reason);
  }

  ExitStatus judge_good_end() const {
    if (is_interrupted()) return ExitStatus::could_not_run;
    if (is_late_) {
      return could_not_run(fmt::format("{} did not end in time and was killed", target_.name));
    }
    // A target whose oracles never ran has shown nothing.
    if (target_.runs_programs() && report_.oracle_counts.empty()) {
      return could_not_run(
          fmt::format("{}: does not print what its oracles checked", target_path(target_.name)));
    }
    if (report_.executions > 0) return ExitStatus::ok;
    return could_not_run(fmt::format("{}: executed nothing", target_path(target_.name)));
  }

  const FuzzOptions& options_;
  const FuzzTarget& target_;
  Attempt attempt_;
  TargetReport& report_;
  const TemporaryFolder folder_;
  std::vector<EngineOutput> outputs_;
  std::vector<ProcessEnd> ends_;
  FoundInputs found_;
  std::pair<std::size_t, std::string> found_first_;  // the process, and its artifact
  std::vector<std::string> known_flags_;             // of the engine
  std::string refusal_;                              // by the system
  bool is_lone_timeout_ = false;                     // why the last process was refused
  bool wants_another_ = false;
  bool is_late_ = false;
};

}  // namespace

ExitStatus run_target(const FuzzOptions& options, const FuzzTarget& target, TargetReport& report) {
  using Attempt = TargetRun::Attempt;
  TargetRun first(options, target, Attempt::first, report);
  const ExitStatus status = first.run();
  if (!first.wants_another()) return status;
  const std::string name = std::exchange(report, {}).target;
  report.target = name;
  return TargetRun(options, target, Attempt::last, report).run();
}

}  // namespace fiberproof::verify
