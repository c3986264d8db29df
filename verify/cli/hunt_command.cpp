#include "verify/cli/hunt_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/progress.hpp"
#include "verify/cli/suggestion.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/defects/comparison.hpp"
#include "verify/mutation/defects/hunt_table.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

ExitStatus could_not_run(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) complain(line);
  return ExitStatus::could_not_run;
}

// Those whose names begin as requested; adds a line for each request that matches none.
std::vector<Defect> chosen(std::vector<Defect> all, const std::vector<std::string>& names,
                           std::vector<std::string>& errors) {
  std::vector<std::string> known;
  for (const Defect& defect : all) known.push_back(defect.name.substr(0, defect.name.find('-')));
  for (const Defect& defect : all) known.push_back(defect.name);
  const auto begins = [](const std::string& defect, const std::string& name) {
    return !name.empty() && (defect + ".patch").starts_with(name);
  };
  for (const std::string& name : names) {
    const bool is_known =
        std::ranges::any_of(known, [&](const auto& defect) { return begins(defect, name); });
    if (is_known) continue;
    errors.push_back(
        fmt::format("no defect's name begins with '{}'{}", name, did_you_mean(name, known)));
  }
  if (names.empty()) return all;
  std::erase_if(all, [&](const Defect& defect) {
    return std::ranges::none_of(names, [&](const auto& name) { return begins(defect.name, name); });
  });
  return all;
}

class Reporter {
 public:
  Reporter(std::size_t defects, nlohmann::json& results) : progress_(defects), results_(results) {}

  void phase(const Defect& defect, const Phase& phase) { progress_.phase(defect.name, phase); }

  void done(const Defect& defect, const Findings& findings, bool is_earlier) {
    progress_.done(is_earlier ? 0 : findings.seconds);
    findings_.push_back(findings);
    results_.push_back(to_json(findings));
    fmt::print("{}/{} {}{}\n", progress_.count(), progress_.total(), line_of(defect, findings),
               is_earlier ? ", in an earlier hunt" : "");
    nlohmann::json& wrong = results_.back()["not_as_said"] = nlohmann::json::array();
    for (const std::string& line : differences(defect, findings)) {
      wrong.push_back(line);
      status_ = worse(
          status_, findings.could_not_run.empty() ? ExitStatus::failed : ExitStatus::could_not_run);
      fmt::print("  NOT as its patch says: {}\n", line);
      surprises_.push_back(fmt::format("{}: not as its patch says: {}", defect.name, line));
    }
    flush();
  }

  /// Prints them again after the table, where they are not scrolled away.
  void print_surprises() const {
    for (const std::string& line : surprises_) complain(line);
  }
  ExitStatus status() const { return status_; }
  /// Findings of the defects that are done, in order.
  const std::vector<Findings>& findings() const { return findings_; }

 private:
  Progress progress_;
  nlohmann::json& results_;
  std::vector<Findings> findings_;
  std::vector<std::string> surprises_;
  ExitStatus status_ = ExitStatus::ok;
};

}  // namespace

ExitStatus hunt_defects(const HuntCommand& command, nlohmann::json& results) {
  HuntOptions options = command.options;
  options.folder = std::filesystem::absolute(options.folder).lexically_normal();
  for (const FuzzTarget& target : fuzz_targets()) {
    if (target.runs_programs()) options.targets.push_back(target.name);
  }
  std::vector<std::string> errors = command.errors;
  std::vector<Defect> defects;
  if (const auto why = why_no_sources(options.source)) {
    errors.push_back(*why);
  } else if (auto all = read_defects(options.source + "/core/defects", {})) {
    defects = chosen(std::move(*all), command.names, errors);
  } else {
    errors.push_back(all.error());
  }
  if (auto theorems = parse_expected(embedded_proofs().text, embedded_proofs().path)) {
    options.theorems = std::move(*theorems);
  } else {
    errors.push_back(theorems.error());
  }
  std::optional<OutputFile> table_file;
  if (!command.table.empty()) {
    if (auto file = OutputFile::prepare(command.table)) {
      table_file = std::move(*file);
    } else {
      errors.push_back("--table " + file.error());
    }
  }
  if (const auto why = why_no_folder(options.folder)) errors.push_back("--folder " + *why);
  if (!errors.empty()) return could_not_run(errors);
  std::error_code refused;
  std::filesystem::create_directories(options.folder, refused);
  if (refused) return could_not_run({fmt::format("{}: {}", options.folder, refused.message())});

  Reporter report(defects.size(), results["findings"] = nlohmann::json::array());
  HuntWatcher watcher;
  watcher.on_phase = [&](const Defect& defect, const Phase& phase) { report.phase(defect, phase); };
  watcher.on_findings = std::bind_front(&Reporter::done, &report);
  const auto hunted = hunt(options, defects, watcher);
  if (!hunted && !is_interrupted()) return could_not_run({hunted.error()});
  const std::vector<Findings>& done = report.findings();
  const std::string table = table_of(std::span(defects).first(done.size()), done);
  fmt::print("\n{}", table);
  report.print_surprises();
  if (table_file) {
    const auto written = table_file->write(table);
    if (!written) return could_not_run({"--table " + written.error()});
  }
  if (!is_interrupted()) return report.status();
  return could_not_run({fmt::format(
      "interrupted after {} of {}; the results so far are kept; run the same command to resume",
      done.size(), defects.size())});
}

}  // namespace fiberproof::verify
