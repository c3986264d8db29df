#include "verify/cli/prove_command.hpp"

#include "verify/certificate/certifying_solver.hpp"
#include "verify/certificate/tally.hpp"
#include "verify/cli/confirm.hpp"
#include "verify/cli/embedded.hpp"
#include "verify/cli/expected_theorems.hpp"
#include "verify/machine/object_archive.hpp"
#include "verify/obligation/prover.hpp"
#include "verify/proofs/proof_set.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;

void complain(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
}

std::expected<std::vector<Contract>, std::string> contracts_for(const ProveOptions& options) {
  std::vector<Contract> contracts;
  const auto add = [&contracts](auto contract) -> std::expected<void, std::string> {
    if (!contract) return std::unexpected(message(contract.error()));
    contracts.push_back(std::move(*contract));
    return {};
  };
  for (const std::string& path : options.contracts) {
    if (const auto done = add(read_contract(path)); !done) return std::unexpected(done.error());
  }
  if (!options.contracts.empty()) return contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    if (const auto done = add(parse_contract(text, std::string(path))); !done) {
      return std::unexpected(done.error());
    }
  }
  return contracts;
}

// Whether a name on the command line selects a contract or set: as a prefix of a theorem of it, or
// as it.
bool is_selected(std::string_view contract, const std::vector<std::string>& names) {
  const std::string prefix = fmt::format("{}/", contract);
  return names.empty() || std::ranges::any_of(names, [&prefix](const std::string& name) {
           return name.starts_with(prefix) || prefix.starts_with(name);
         });
}

// Keeps the theorems that a name selects; a name that selects nothing is an error.
std::expected<void, std::string> keep_selected(const std::vector<std::string>& names,
                                               std::vector<ContractResult>& results) {
  for (const std::string& name : names) {
    if (name.empty()) return std::unexpected("fiberproof: '' is no theorem's name");
    const bool is_known = std::ranges::any_of(results, [&name](const ContractResult& result) {
      return std::ranges::any_of(result.theorems, [&name](const Theorem& theorem) {
        return theorem.name.starts_with(name);
      });
    });
    if (!is_known) {
      return std::unexpected(fmt::format("fiberproof: no theorem's name begins with '{}'", name));
    }
  }
  for (ContractResult& result : results) {
    // A clause is worth what the theorems about its contract as a whole are: those stay.
    std::erase_if(result.theorems, [&names](const Theorem& theorem) {
      return !names.empty() && !theorem.spec_id.empty() &&
             std::ranges::none_of(names, [&theorem](const std::string& name) {
               return theorem.name.starts_with(name);
             });
    });
  }
  return {};
}

// One file for each query, named for its theorem.
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
    complete_ = complete_ && file.good();
  }

  bool complete() const { return complete_; }

 private:
  std::string directory_;
  std::map<std::string, unsigned> numbers_;
  bool complete_ = true;
};

void print_list(const char* heading, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  fmt::print("    {}\n", heading);
  for (const std::string& line : lines) fmt::print("      {}\n", line);
}

void print_story(const Refutation& story) {
  fmt::print("    claim    {}\n", story.claim);
  if (!story.found.empty()) fmt::print("             {}\n", story.found);
  if (!story.where.empty()) fmt::print("    where    {}\n", story.where);
  print_list("for", story.values);
  print_list("runs", story.listing);
  print_list("memory, high addresses first", story.memory);
}

// Where the Program of a refutation is kept, for the corpus to replay.
ExitStatus keep(const Theorem& theorem, const std::string& directory) {
  const auto path = keep_counterexample(directory, theorem.name, theorem.refutation->program);
  if (!path) return complain(path.error()), ExitStatus::could_not_run;
  fmt::print("    kept as  {}\n", *path);
  return ExitStatus::ok;
}

// What a theorem came to, and for a refutation whether real stacks show the same.
ExitStatus print_theorem(const Theorem& theorem, bool is_expected, bool runs_natively,
                         const std::string& counterexamples) {
  fmt::print("{:8} {:60} {:4} obligations {:>12}\n", name_of(theorem.verdict), theorem.name,
             theorem.obligations, decided_by(theorem));
  if (theorem.verdict == Verdict::unknown) fmt::print("    because  {}\n", theorem.reason);
  if (!theorem.refutation) return ExitStatus::ok;
  print_story(*theorem.refutation);
  if (theorem.refutation->program.empty() || !runs_natively) return ExitStatus::ok;
  const Confirmation confirmation = confirm_natively(theorem.refutation->program, is_expected,
                                                     theorem.refutation->program_is_of_state);
  fmt::print("    natively {}\n    Program\n{}", confirmation.line,
             indented(theorem.refutation->program, "      "));
  if (is_expected) return confirmation.confirmed ? ExitStatus::ok : ExitStatus::could_not_run;
  return confirmation.confirmed ? keep(theorem, counterexamples) : ExitStatus::ok;
}

// A proof and its check may each take this many times as long as a query: what Z3 shows of sums as
// integers within a second, bits take up to half a minute for on a machine that does other work.
constexpr int certificate_limits = 6;

// Of foreign code, what was looked at and what was not.
std::string coverage_line(const Contract& contract, const ForeignCode& code,
                          const std::optional<std::string>& left_out) {
  return left_out ? fmt::format("left out {:24} {}", contract.name, *left_out)
                  : fmt::format("checked  {:24} {}", contract.name, code.described(contract));
}

// The file, or of an archive the member that has the contract's first routine.
std::expected<const ObjectFile*, std::string> file_for(const Contract& contract,
                                                       const ObjectArchive& file,
                                                       const ProveOptions& options) {
  if (!file.is_archive() || contract.runs.empty()) return &file.files().front();
  const auto symbol = options.code.symbol_of(contract);
  if (!symbol) {
    return std::unexpected(fmt::format("fiberproof: {}: {}", options.object, symbol.error()));
  }
  auto member = file.defining(*symbol);
  if (!member) return std::unexpected(message(member.error()));
  return *member;
}

std::unique_ptr<Solver> make_solver(const ProveOptions& options, CertificateTally& tally) {
  const std::chrono::milliseconds limit(options.timeout_ms);
  auto solver = make_z3_solver(limit);
  if (options.solver != "z3") {
    solver = make_agreeing_solver(std::move(solver), make_cvc5_solver(limit));
  }
  solver = make_remembering_solver(std::move(solver));
  if (!options.certify) return solver;
  // Queries and certificates take turns in taking memory; kept by the process, it is not returned
  // to the kernel and cleared again each time, which was a third of the run.
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  return make_certifying_solver(std::move(solver), certificate_limits * limit,
                                std::bind_front(&CertificateTally::add, &tally), make_cadical());
}

// A program that the options need and that does not answer, if so.
std::optional<std::string> what_is_missing(const ProveOptions& options) {
  const std::chrono::milliseconds limit(options.timeout_ms);
  const auto cvc5 = options.solver == "z3" ? std::nullopt : why_cvc5_is_missing(limit);
  if (cvc5) return fmt::format("fiberproof: --solver {}: {}", options.solver, *cvc5);
  if (!options.certify) return std::nullopt;
  const SatRun trial = make_cadical()(Cnf(), std::chrono::milliseconds(options.timeout_ms));
  if (trial.end == SatRun::End::satisfiable) return std::nullopt;
  return "fiberproof: --certify: " + trial.reason;
}

}  // namespace

std::string own_path() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

ProofReport run_proofs(const ProveOptions& options) {
  const auto start = Clock::now();
  ProofReport report;
  report.status = ExitStatus::could_not_run;
  const auto contracts = contracts_for(options);
  if (!contracts) return complain(contracts.error()), report;
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  if (!expected) return complain(expected.error()), report;
  const auto file = ObjectArchive::open(options.object.empty() ? own_path() : options.object);
  if (!file) return complain(message(file.error())), report;

  CertificateTally certificates;
  if (const auto missing = what_is_missing(options)) return complain(*missing), report;
  const auto solver = make_solver(options, certificates);
  ScriptWriter scripts(options.smt2_directory);
  ProverOptions prover;
  options.code.add_to(prover);
  prover.on_query = [&](const std::string& theorem, const Query& query, const Answer& answer) {
    scripts(theorem, query, answer);
    certificates.name_last(theorem, query);
  };
  std::vector<std::string> coverage;
  for (const Contract& contract : *contracts) {
    if (!is_selected(contract.name, options.names)) continue;
    if (options.code.is_foreign()) {
      const auto reason = options.code.left_out(contract);
      coverage.push_back(coverage_line(contract, options.code, reason));
      if (reason) continue;
    }
    const auto subject = file_for(contract, *file, options);
    if (!subject) return complain(subject.error()), report;
    auto result = prove(contract, **subject, *solver, prover);
    certificates.name_questions(contract.name);
    if (!result) return complain(result.error()), report;
    report.results.push_back(std::move(*result));
  }
  for (const ProofSet& set : proof_sets()) {
    if (!options.contracts.empty() || !is_selected(set.name, options.names)) continue;
    if (options.code.is_foreign()) {
      coverage.push_back(
          fmt::format("left out {:24} only of the project's own routines", set.name));
      continue;
    }
    auto result = set.prove(file->files().front(), *solver, prover);
    certificates.name_questions(std::string(set.name));
    if (!result) return complain(result.error()), report;
    report.results.push_back(std::move(*result));
  }
  if (options.code.is_foreign() && report.results.empty()) {
    for (const std::string& line : coverage) fmt::print("{}\n", line);
    return complain(fmt::format("fiberproof: {}: no contract can be proved of the symbols given",
                                options.object)),
           report;
  }
  if (const auto kept = keep_selected(options.names, report.results); !kept) {
    return complain(kept.error()), report;
  }

  report.status = ExitStatus::ok;
  bool any_refuted = false;
  const auto told = [&](const Theorem& theorem) {
    const auto entry = std::ranges::find(*expected, theorem.name, &ExpectedTheorem::name);
    const bool is_expected = entry != expected->end() && entry->verdict == theorem.verdict;
    report.status = worse(report.status, print_theorem(theorem, is_expected, options.object.empty(),
                                                       options.counterexamples));
    if (theorem.verdict == Verdict::unknown) report.status = ExitStatus::could_not_run;
    any_refuted |= !is_expected && theorem.verdict == Verdict::refuted;
    const bool is_listed = entry != expected->end() && options.contracts.empty();
    if (!is_expected && is_listed) report.status = worse(report.status, ExitStatus::failed);
  };
  // What is refuted comes first, so that nobody has to look for it.
  for (const bool is_refuted : {true, false}) {
    for (const ContractResult& result : report.results) {
      for (const Theorem& theorem : result.theorems) {
        if ((theorem.verdict == Verdict::refuted) == is_refuted) told(theorem);
      }
    }
  }
  for (const ContractResult& result : report.results) {
    for (const ProvedCode& code : result.code) {
      fmt::print("on       {}: {} instructions, {} bytes, hash {:016x}\n", code.routine,
                 code.instructions, code.bytes, code.hash);
    }
    for (const std::string& callee : result.callees) {
      fmt::print("calls    {}: no symbol given, so what the trampoline calls\n", callee);
    }
  }
  // Other contracts have no list, and of a selection only a part can be compared.
  if (options.contracts.empty() && options.names.empty()) {
    const auto& list =
        options.code.is_foreign() ? of_contracts(*expected, report.results) : *expected;
    for (const std::string& line : differences(list, report.results)) {
      complain("fiberproof: " + line);
      report.status = worse(report.status, ExitStatus::failed);
    }
  }
  for (const std::string& line : coverage) fmt::print("{}\n", line);
  if (!scripts.complete()) {
    complain(fmt::format("fiberproof: {}: a script could not be written", options.smt2_directory));
    report.status = ExitStatus::could_not_run;
  }
  if (options.certify) {
    for (const std::string& line : certificates.complaints()) complain("fiberproof: " + line);
    fmt::print("{}\n", certificates.summary());
    if (certificates.any_rejected()) report.status = ExitStatus::could_not_run;
  }
  report.status = status_of_proofs(any_refuted, report.status);
  report.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return report;
}

}  // namespace fiberproof::verify
