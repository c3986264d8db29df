#include "verify/cli/prove_command.hpp"

#include "verify/certificate/certifying_solver.hpp"
#include "verify/certificate/tally.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/proof_plan.hpp"
#include "verify/cli/proof_printer.hpp"
#include "verify/object/source_lines.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/process/interruption.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

// Writes one file for each query, named for its theorem.
class ScriptWriter {
 public:
  explicit ScriptWriter(const std::string& directory) : directory_(directory) {
    if (!directory_.empty()) std::filesystem::create_directories(directory_);
  }

  void operator()(const std::string& theorem, const Query& query, const Answer& answer) {
    if (directory_.empty()) return;
    std::string name = theorem;
    std::ranges::replace(name, '/', '.');
    const auto path =
        std::filesystem::path(directory_) / fmt::format("{}.{}.smt2", name, numbers_[theorem]++);
    std::ofstream file(path);
    file << to_smt2(query, fmt::format("{}: {}", theorem, name_of(answer.verdict)));
    file.close();
    complete_ = complete_ && file.good();
  }

  bool complete() const { return complete_; }

 private:
  std::string directory_;
  std::map<std::string, unsigned> numbers_;
  bool complete_ = true;
};

// A proof and its check may each take this many times as long as a query: sums that Z3 proves as
// integers within a second can take half a minute as bits on a busy computer.
constexpr int certificate_limits = 6;

std::unique_ptr<Solver> make_solver(const ProveOptions& options, CertificateTally& tally) {
  const std::chrono::milliseconds limit(options.timeout_ms);
  auto solver = make_z3_solver(limit);
  if (options.solver != "z3") {
    solver = make_agreeing_solver(std::move(solver), make_cvc5_solver(limit));
  }
  solver = make_remembering_solver(std::move(solver));
  if (!options.certify) return solver;
  // Queries and certificates allocate alternately. Kept by the process, memory is not returned to
  // the kernel and cleared again each time, which took a third of the run.
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  return make_certifying_solver(std::move(solver), certificate_limits * limit,
                                std::bind_front(&CertificateTally::add, &tally), make_cadical());
}

// A clause is worth as much as the theorems about its contract as a whole: those stay selected.
void keep_selected(const Selection& selection, ContractResult& result) {
  std::erase_if(result.theorems, [&selection](const Theorem& theorem) {
    return !theorem.spec_id.empty() && !selection.takes(theorem.name);
  });
}

// Executes a plan contract by contract, and prints each when it is decided.
class ProofRun {
 public:
  ProofRun(const ProveOptions& options, const ProofPlan& plan, ProofReport& report)
      : options_(options),
        plan_(plan),
        report_(report),
        printer_(options, plan),
        solver_(make_solver(options, certificates_)),
        scripts_(options.smt2_directory) {
    prover_.on_query = [this](const std::string& theorem, const Query& query,
                              const Answer& answer) {
      scripts_(theorem, query, answer);
      certificates_.name_last(theorem, query);
      printer_.asked(theorem);
    };
  }

  void all() {
    report_.status = prove_all() ? report_.status : ExitStatus::could_not_run;
    report_.status = worse(report_.status, close());
    report_.status = status_of_proofs(printer_.any_refuted(), report_.status);
  }

  void print_summary() const { printer_.print_summary(report_); }

 private:
  // Stops at the first contract whose code is unavailable, and at an interruption: a contract is
  // printed completely, or not at all.
  bool prove_all() {
    for (const PlannedContract& planned : plan_.contracts) {
      const ObjectFile& file = plan_.files.files()[planned.file];
      if (!find_places(file, &planned.contract)) return false;
      auto result = prove(planned.contract, file, *solver_, prover_);
      if (is_interrupted()) return true;
      if (!take(std::move(result))) return false;
    }
    for (const ProofSet* const set : plan_.sets) {
      if (!find_places(plan_.files.files().front(), nullptr)) return false;
      auto result = set->prove(plan_.files.files().front(), *solver_, prover_);
      if (is_interrupted()) return true;
      if (!take(std::move(result))) return false;
    }
    return true;
  }

  bool find_places(const ObjectFile& file, const Contract* contract) {
    const auto found = plan_.code.add_to(prover_, file, contract);
    prover_.proves_found_switches = plan_.code.searches_switches();
    prover_.survey = contract == nullptr || !is_of_any_switch(*contract) ? nullptr : searched(file);
    if (!found) complain(found.error());
    return found.has_value();
  }

  // Several contracts are about the switches of one file, which is searched once.
  const Survey* searched(const ObjectFile& file) {
    const bool is_searched = plan_.search && &file == &plan_.files.files()[plan_.search->file];
    if (is_searched) return &plan_.search->survey;
    const auto known = surveys_.find(&file);
    return known != surveys_.end() ? &known->second
                                   : &surveys_.emplace(&file, survey(file)).first->second;
  }

  bool take(std::expected<ContractResult, std::string> result) {
    if (!result) return complain(result.error()), false;
    certificates_.name_questions(result->contract);
    keep_selected(plan_.selection, *result);
    locate(*result);
    report_.results.push_back(std::move(*result));
    report_.status = worse(report_.status, printer_.print(report_.results.back()));
    report_.native = printer_.native_runs();
    return true;
  }

  // Line tables are read where there is a refutation to tell.
  void locate(ContractResult& result) {
    for (Theorem& theorem : result.theorems) {
      if (!theorem.refutation) continue;
      for (ListedStep& step : theorem.refutation->listing) {
        if (step.symbol.empty()) continue;
        if (!lines_) lines_.emplace(options_.object.empty() ? own_path() : options_.object);
        step.source = lines_->at(step.symbol, step.offset);
      }
    }
  }

  ExitStatus close() {
    ExitStatus status = ExitStatus::ok;
    if (!is_interrupted()) {
      const bool is_given = options_.listed || !options_.expected.empty();
      status = is_given ? compare_with_given() : printer_.print_differences(report_.results);
    }
    if (!scripts_.complete()) {
      complain(fmt::format("{}: a script could not be written", options_.smt2_directory));
      status = ExitStatus::could_not_run;
    }
    if (options_.certify) {
      if (is_interrupted()) certificates_.name_questions("the interrupted contract");
      for (const std::string& line : certificates_.complaints()) complain(line);
      fmt::print("{}\n", certificates_.summary());
      if (certificates_.any_rejected()) status = ExitStatus::could_not_run;
    }
    return status;
  }

  // Compares with the list of --expected, or with all of a project's own, of the theorems that were
  // asked for.
  ExitStatus compare_with_given() const {
    std::vector<ExpectedTheorem> list =
        options_.listed ? *options_.listed : of_contracts(plan_.expected, report_.results);
    std::erase_if(list, [this](const ExpectedTheorem& theorem) {
      return !plan_.selection.takes(theorem.name) && !rule_of_theorem(theorem.name).empty();
    });
    const std::vector<std::string> lines =
        differences(list, report_.results, options_.listed ? "the list" : "proofs.txt");
    const std::string& whose = options_.listed_for;
    for (const std::string& line : lines) complain(whose.empty() ? line : whose + ": " + line);
    return lines.empty() ? ExitStatus::ok : ExitStatus::failed;
  }

  const ProveOptions& options_;
  const ProofPlan& plan_;
  ProofReport& report_;
  ProofPrinter printer_;
  CertificateTally certificates_;
  std::unique_ptr<Solver> solver_;
  ScriptWriter scripts_;
  ProverOptions prover_;
  std::map<const ObjectFile*, Survey> surveys_;
  std::optional<SourceLines> lines_;
};

}  // namespace

std::string own_path() {
  std::error_code unread;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", unread);
  if (!unread) return path.string();
  // Without /proc: the name that started this program.
  const auto* const name = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  return name == nullptr ? std::string() : std::filesystem::absolute(name).string();
}

ProofReport run_proofs(const ProveOptions& options) {
  const auto start = Clock::now();
  ProofReport report;
  auto plan = plan_proofs(options);
  if (!plan) {
    for (const std::string& line : plan.error()) complain(line);
    report.status = ExitStatus::could_not_run;
    return report;
  }
  if (options.listed) plan->expected = *options.listed;
  report.expected = plan->expected;
  report.claims = claims_of(*plan);
  const auto note_time = [&] {
    report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  };
  // Results from before standard output was closed or full are still reported as JSON.
  try {
    ProofRun run(options, *plan, report);
    run.all();
    note_time();
    run.print_summary();
  } catch (const std::exception& error) {
    note_time();
    complain(message(error));
    report.status = ExitStatus::could_not_run;
  }
  return report;
}

}  // namespace fiberproof::verify
