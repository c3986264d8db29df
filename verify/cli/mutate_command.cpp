#include "verify/cli/mutate_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/corpus_folders.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/progress.hpp"
#include "verify/cli/suggestion.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/cpp/survivors.hpp"
#include "verify/mutation/table.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr const char* list_path = "verify/mutation/cpp/survivors.txt";

ExitStatus could_not_run(const std::string& why) {
  complain(why);
  return ExitStatus::could_not_run;
}

// One line for each name that is not a mutated file of core.
std::vector<std::string> wrong_files(const std::vector<std::string>& names) {
  std::vector<std::string> known;
  const auto all = mutated_files({});
  for (const MutatedFile& file : *all) known.push_back(file.path.substr(file.path.find('/') + 1));
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (mutated_files({name})) continue;
    lines.push_back(fmt::format("{}: not a file of core that is mutated{}",
                                name.empty() ? "''" : name, did_you_mean(name, known)));
  }
  return lines;
}

// The detail of the first check that noticed.
std::string detail_of(const Findings& findings) {
  if (!findings.could_not_run.empty()) return {};
  if (!findings.refuted.empty()) return findings.refuted.front().name;
  if (!findings.proofs_stopped.empty()) return findings.proofs_stopped;
  for (const TargetTrials& target : findings.targets) {
    if (target.found() == 0) continue;
    const Trial& trial = target.trials.front();
    return fmt::format("{}: {}", target.target, trial.kind.substr(0, 120));
  }
  return {};
}

TableRow row_of(const SourceMutation& mutation, const Findings& findings,
                const ListedReasons& listed) {
  const Killer killer = killer_of(findings);
  const std::string detail = detail_of(findings);
  TableRow row{mutation.mutant.name(), killer == Killer::proofs, false, "none", "none"};
  if (killer == Killer::proofs) {
    row.refuted_by = findings.refuted.empty() ? detail : fmt::format("`{}`", detail);
  } else if (killer != Killer::none) {
    row.is_found = true;
    row.found_by = detail.empty() ? std::string(name_of(killer)) : detail;
  } else if (const auto entry = listed.find(mutation.mutant.key); entry != listed.end()) {
    row.found_by = "none: " + entry->second.reason;
  }
  return row;
}

class Reporter {
 public:
  Reporter(std::size_t mutants, const ListedReasons& listed, nlohmann::json& findings)
      : mutants_(mutants), progress_(mutants), listed_(listed), findings_(findings) {}

  void phase(const SourceMutation* mutation, const Phase& phase) {
    progress_.phase(mutation == nullptr ? "sources as they are" : mutation->mutant.name(), phase);
  }

  void done(const SourceMutation& mutation, const Findings& findings) {
    progress_.done(findings.seconds);
    findings_.push_back(to_json(findings));
    rows_.push_back(row_of(mutation, findings, listed_));
    const Killer killer = killer_of(findings);
    findings_.back()["killer"] = name_of(killer);
    if (const auto entry = listed_.find(mutation.mutant.key); entry != listed_.end()) {
      findings_.back()["listed"] = entry->second.reason;
    }
    ++by_killer_[killer];
    if (killer == Killer::none) {
      survived_.insert(mutation.mutant.key);
      patches_ += fmt::format("\n{}\n{}", mutation.mutant.key, mutation.patch);
    } else {
      killed_.insert(mutation.mutant.key);
    }
    const std::string detail = detail_of(findings);
    fmt::print("{}/{} {}: {}{}; {:.0f} s\n", progress_.count(), mutants_, findings.change,
               killer == Killer::none ? "SURVIVES" : fmt::format("killed by {}", name_of(killer)),
               detail.empty() ? "" : fmt::format(" ({})", detail), findings.seconds);
    flush();
  }

  void print_summary(std::size_t made, std::size_t checks_left_out) {
    const std::size_t survivors = survived_.size();
    const std::size_t compiled = progress_.count() - by_killer_[Killer::compiler];
    fmt::print("{}\n{} of {} mutants tried; {} FIBER_CHECK left out\n", patches_, progress_.count(),
               made, checks_left_out);
    fmt::print(
        "{} did not compile; killed by proofs {}, corpus {}, time {}, fuzzing {}; "
        "{} survive: {:.1f} % of those that compile are killed\n",
        by_killer_[Killer::compiler], by_killer_[Killer::proofs], by_killer_[Killer::corpus],
        by_killer_[Killer::time], by_killer_[Killer::fuzzing], survivors,
        compiled == 0
            ? 0.0
            : 100.0 * static_cast<double>(compiled - survivors) / static_cast<double>(compiled));
  }

  std::string table() const { return markdown_table(rows_); }
  const std::set<std::string>& killed() const { return killed_; }
  const std::set<std::string>& survived() const { return survived_; }

 private:
  std::size_t mutants_;
  Progress progress_;
  const ListedReasons& listed_;
  nlohmann::json& findings_;
  std::vector<TableRow> rows_;
  std::map<Killer, std::size_t> by_killer_;
  std::set<std::string> killed_;
  std::set<std::string> survived_;
  std::string patches_;
};

}  // namespace

ExitStatus mutate(const MutateCommand& command, nlohmann::json& results) {
  MutationOptions options = command.options;
  options.folder = std::filesystem::absolute(options.folder).lexically_normal();
  std::vector<std::string> errors = command.errors;
  std::ranges::copy(wrong_files(command.files), std::back_inserter(errors));
  if (const auto why = why_no_sources(options.source)) errors.push_back(*why);
  if (const auto why = why_no_folder(options.folder); why && !command.only_print) {
    errors.push_back("--folder " + *why);
  }
  if (auto theorems = parse_expected(embedded_proofs().text, embedded_proofs().path)) {
    options.theorems = std::move(*theorems);
  } else {
    errors.push_back(theorems.error());
  }
  std::optional<OutputFile> table;
  if (!command.table.empty()) {
    if (auto file = OutputFile::prepare(command.table)) {
      table = std::move(*file);
    } else {
      errors.push_back("--table " + file.error());
    }
  }
  for (const std::string& line : errors) complain(line);
  if (!errors.empty()) return ExitStatus::could_not_run;
  const auto files = mutated_files(command.files);
  if (!files) return could_not_run(files.error());
  const auto listed = parse_reasons(contents_of(options.source + "/" + list_path), list_path);
  if (!listed) return could_not_run(listed.error());
  const SourceMutations mutations = mutations_of(*files, options.source, options.sample);
  if (mutations.chosen.empty())
    return could_not_run(options.source + ": there are no mutants to test");
  if (command.only_print) {
    for (const SourceMutation& mutation : mutations.chosen) {
      fmt::print("{}\n{}\n", mutation.mutant.name(), mutation.patch);
    }
    return ExitStatus::ok;
  }
  std::error_code refused;
  std::filesystem::create_directories(options.folder, refused);
  if (refused) return could_not_run(fmt::format("{}: {}", options.folder, refused.message()));

  Reporter report(mutations.chosen.size(), *listed, results["findings"] = nlohmann::json::array());
  MutationWatcher watcher;
  watcher.on_phase = std::bind_front(&Reporter::phase, &report);
  watcher.on_findings = std::bind_front(&Reporter::done, &report);
  const auto tried = try_mutations(options, mutations.chosen, watcher);
  if (!tried && !is_interrupted()) return could_not_run(tried.error());
  report.print_summary(mutations.made.size(), mutations.checks_left_out);
  if (table) {
    const auto written = table->write(report.table());
    if (!written) return could_not_run("--table " + written.error());
  }
  if (is_interrupted()) {
    return could_not_run(
        "interrupted; the results so far are kept; run the same command to resume");
  }
  std::set<std::string> paths;
  for (const MutatedFile& file : *files) paths.insert(file.path);
  const auto lines = differences(*listed, paths, {mutations.made.begin(), mutations.made.end()},
                                 report.killed(), report.survived());
  for (const std::string& line : lines) complain(fmt::format("{}: {}", list_path, line));
  return lines.empty() ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace fiberproof::verify
