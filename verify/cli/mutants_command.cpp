#include "verify/cli/mutants_command.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/output_file.hpp"
#include "verify/cli/suggestion.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/bytes/clauses.hpp"
#include "verify/mutation/bytes/judge.hpp"
#include "verify/mutation/bytes/subjects.hpp"
#include "verify/mutation/table.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

// What all routines are judged by.
struct Standard {
  std::vector<Contract> contracts;
  ListedReasons unbroken;
  ListedReasons survivors;
};

std::expected<Standard, std::string> read_standard() {
  Standard standard;
  for (const auto& [path, text] : embedded_contracts()) {
    auto contract = parse_contract(text, std::string(path));
    if (!contract) return std::unexpected(message(contract.error()));
    standard.contracts.push_back(std::move(*contract));
  }
  const auto [unbroken_path, unbroken_text] = embedded_unbroken();
  auto unbroken = parse_reasons(unbroken_text, unbroken_path);
  if (!unbroken) return std::unexpected(unbroken.error());
  const auto [survivors_path, survivors_text] = embedded_survivors();
  auto survivors = parse_reasons(survivors_text, survivors_path);
  if (!survivors) return std::unexpected(survivors.error());
  standard.unbroken = std::move(*unbroken);
  standard.survivors = std::move(*survivors);
  return standard;
}

class Report {
 public:
  Report(const MutantsCommand& command, const Standard& standard, nlohmann::json& results)
      : command_(command), standard_(standard), results_(results) {}

  std::expected<void, std::string> add(const MutatedRoutine& subject, const ObjectFile& file,
                                       Solver& solver) {
    const std::string& name = subject.routine.symbol;
    const auto judged = judge_mutants(subject, file, solver);
    if (!judged) return std::unexpected(judged.error());
    for (const std::string& line : summary(name, judged->mutants)) fmt::print("{}\n", line);
    const auto clauses = broken_clauses(*judged);
    for (const std::string& line : clause_table(clauses, standard_.unbroken)) {
      fmt::print("{}\n", line);
    }
    flush();
    auto faults = clause_faults(clauses, standard_.unbroken);
    if (!all_decided(judged->mutants)) faults.push_back(name + ": not every mutant is decided");
    std::vector<FuzzedMutant> fuzzed;
    if (!command_.fuzz.programs.empty()) {
      auto all = fuzz_mutants(subject.probed, standard_.contracts, command_.fuzz);
      if (!all) return std::unexpected(all.error());
      fuzzed = std::move(*all);
      fmt::print("{}\n", fuzzed_summary(judged->mutants, fuzzed));
      std::ranges::move(differences(name, judged->mutants, fuzzed, standard_.survivors),
                        std::back_inserter(faults));
    }
    for (const std::string& fault : faults) complain(fault);
    flush();
    add_rows(name, judged->mutants, fuzzed);
    if (!faults.empty()) status_ = ExitStatus::failed;
    return {};
  }

  ExitStatus status() const { return status_; }
  std::string table() const { return markdown_table(rows_); }

 private:
  void add_rows(const std::string& routine, std::span<const JudgedMutant> judged,
                std::span<const FuzzedMutant> fuzzed) {
    for (std::size_t index = 0; index < judged.size(); ++index) {
      const JudgedMutant& mutant = judged[index];
      TableRow row{fmt::format("{}: {}", routine, mutant.description), !mutant.theorem.empty(),
                   !mutant.native.empty(), "none", "none"};
      if (row.is_refuted) row.refuted_by = fmt::format("`{}`", mutant.theorem);
      if (!row.is_refuted && !mutant.reason.empty()) row.refuted_by = "none: " + mutant.reason;
      if (row.is_found) row.found_by = "a native run: " + mutant.native;
      if (!fuzzed.empty()) add_end(row, fuzzed[index]);
      results_.push_back({{"mutant", row.change},
                          {"theorem", mutant.theorem},
                          {"native", mutant.native},
                          {"reason", mutant.reason}});
      rows_.push_back(std::move(row));
    }
  }

  void add_end(TableRow& row, const FuzzedMutant& end) const {
    const auto listed = standard_.survivors.find(row.change);
    if (end.end == FuzzedMutant::End::killed) {
      row.found_by += fmt::format("; {}: {}", end.target, end.kind);
    } else if (end.end == FuzzedMutant::End::survived && listed != standard_.survivors.end()) {
      row.found_by += "; no target: " + listed->second.reason;
    }
  }

  const MutantsCommand& command_;
  const Standard& standard_;
  nlohmann::json& results_;
  std::vector<TableRow> rows_;
  ExitStatus status_ = ExitStatus::ok;
};

// A line for each name that is no routine of the program.
void find_missing(const std::vector<std::string>& names, std::span<const MutatedRoutine> subjects,
                  std::vector<std::string>& errors) {
  std::vector<std::string> known;
  for (const MutatedRoutine& subject : subjects) known.push_back(subject.routine.symbol);
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    errors.push_back(fmt::format("there is no routine '{}'{}", name, did_you_mean(name, known)));
  }
}

ExitStatus could_not_run(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) complain(line);
  return ExitStatus::could_not_run;
}

}  // namespace

ExitStatus judge_byte_mutants(const MutantsCommand& command, nlohmann::json& results) {
  std::vector<std::string> errors = command.errors;
  const auto standard = read_standard();
  if (!standard) return could_not_run({standard.error()});
  const auto file = ObjectFile::open(command.program);
  std::vector<MutatedRoutine> subjects;
  if (!file) {
    errors.push_back(message(file.error()));
  } else if (auto found = mutated_routines(*file, standard->contracts)) {
    subjects = std::move(*found);
    find_missing(command.routines, subjects, errors);
  } else {
    errors.push_back(found.error());
  }
  std::optional<OutputFile> table;
  if (!command.table.empty()) {
    if (auto prepared = OutputFile::prepare(command.table)) {
      table = std::move(*prepared);
    } else {
      errors.push_back("--table " + prepared.error());
    }
  }
  if (!errors.empty()) return could_not_run(errors);

  const auto solver = make_z3_solver(std::chrono::seconds(5));
  Report report(command, *standard, results["mutants"] = nlohmann::json::array());
  for (const MutatedRoutine& subject : subjects) {
    const bool is_wanted =
        command.routines.empty() ||
        std::ranges::find(command.routines, subject.routine.symbol) != command.routines.end();
    if (!is_wanted) continue;
    const auto done = report.add(subject, *file, *solver);
    if (is_interrupted()) return could_not_run({"interrupted"});
    if (!done) return could_not_run({done.error()});
  }
  if (table) {
    const auto written = table->write(report.table());
    if (!written) return could_not_run({"--table " + written.error()});
  }
  return report.status();
}

}  // namespace fiberproof::verify
