// `fiberproof_mutants PROGRAM [ROUTINE…]`: the verdict on every single-instruction mutant of the
// trampolines and of stack_switch in a linked program, and how many of them each clause refutes;
// with --fuzzer FUZZER, once or more, also which of them these fuzz targets kill.
// Exit status 0: each is refuted by a contract and confirmed natively, or proved equivalent, a
// clause that refutes none is listed, and so is each mutant on which proofs and fuzz targets
// differ; 1: one is not; 2: could not run.
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/bytes/clauses.hpp"
#include "verify/mutation/bytes/fuzzed.hpp"
#include "verify/mutation/bytes/judge.hpp"
#include "verify/mutation/bytes/subjects.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace fiberproof::verify;

struct Options {
  std::string program;
  std::set<std::string> routines;
  MutantFuzzOptions fuzz;
};

/// What is wrong with one routine's mutants, a line each.
std::expected<std::vector<std::string>, std::string> report(
    const MutatedRoutine& subject, const ObjectFile& file, std::span<const Contract> contracts,
    std::span<const UnbrokenClause> unbroken, std::span<const Survivor> survivors,
    const Options& options, Solver& solver) {
  const auto judged = judge_mutants(subject, file, solver);
  if (!judged) return std::unexpected("fiberproof: " + judged.error());
  for (const std::string& line : summary(subject.routine.symbol, judged->mutants)) {
    fmt::print("{}\n", line);
  }
  const auto clauses = broken_clauses(*judged);
  for (const std::string& line : clause_table(clauses, unbroken)) fmt::print("{}\n", line);
  auto faults = clause_faults(clauses, unbroken);
  if (!all_decided(judged->mutants)) {
    faults.push_back(subject.routine.symbol + ": not every mutant is decided");
  }
  if (!options.fuzz.programs.empty()) {
    const auto fuzzed = fuzz_mutants(subject.probed, contracts, options.fuzz);
    if (!fuzzed) return std::unexpected(fuzzed.error());
    fmt::print("{}\n", fuzzed_summary(judged->mutants, *fuzzed));
    std::ranges::move(differences(subject.routine.symbol, judged->mutants, *fuzzed, survivors),
                      std::back_inserter(faults));
  }
  for (const std::string& fault : faults) fmt::print("{}\n", fault);
  std::fflush(stdout);
  return faults;
}

int fail(const std::string& line) {
  fmt::print(stderr, "{}\n", line);
  return 2;
}

int run(const Options& options) {
  const auto file = ObjectFile::open(options.program);
  if (!file) return fail(message(file.error()));
  std::vector<Contract> contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    auto contract = parse_contract(text, std::string(path));
    if (!contract) return fail(message(contract.error()));
    contracts.push_back(std::move(*contract));
  }
  const auto subjects = mutated_routines(*file, contracts);
  if (!subjects) return fail(subjects.error());
  const auto [unbroken_path, unbroken_text] = embedded_unbroken();
  const auto unbroken = parse_unbroken(unbroken_text, unbroken_path);
  if (!unbroken) return fail(unbroken.error());
  const auto [survivors_path, survivors_text] = embedded_survivors();
  const auto survivors = parse_survivors(survivors_text, survivors_path);
  if (!survivors) return fail(survivors.error());
  const auto solver = make_z3_solver(std::chrono::seconds(5));
  std::set<std::string> missing = options.routines;
  int status = 0;
  for (const MutatedRoutine& subject : *subjects) {
    const std::string& name = subject.routine.symbol;
    if (!options.routines.empty() && !options.routines.contains(name)) continue;
    missing.erase(name);
    const auto faults = report(subject, *file, contracts, *unbroken, *survivors, options, *solver);
    if (!faults) return fail(faults.error());
    if (!faults->empty()) status = 1;
  }
  if (missing.empty()) return status;
  return fail(fmt::format("fiberproof: {}: no such routine", *missing.begin()));
}

}  // namespace

int main(int argument_count, char** arguments) {
  Options options;
  CLI::App app("the verdict on every single-instruction mutant of the trampolines and the switch");
  app.add_option("PROGRAM", options.program, "a linked program that has them")->required();
  app.add_option("ROUTINE", options.routines, "symbols; all of them where none is named");
  app.add_option("--fuzzer", options.fuzz.programs, "a fuzz target that is to kill them, too")
      ->take_all();
  app.add_option("--executions", options.fuzz.executions, "at most, of a mutant in a fuzz target")
      ->capture_default_str();
  app.add_option("--period", options.fuzz.period, "one mutant in so many goes into fuzz targets")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--jobs", options.fuzz.jobs, "fuzz targets at once")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run(options);
}
