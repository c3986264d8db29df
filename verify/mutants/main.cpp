// `fiberproof_mutants PROGRAM [ROUTINE…]`: the verdict on every single-instruction mutant of the
// trampolines and of stack_switch in a linked program, and how many of them each clause refutes.
// Exit status 0: each is refuted by a contract and confirmed natively, or proved equivalent, and a
// clause that refutes none is listed; 1: one is not; 2: could not run.
#include "verify/cli/embedded.hpp"
#include "verify/mutants/clauses.hpp"
#include "verify/mutants/judge.hpp"
#include "verify/mutants/subjects.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <set>
#include <string>

int main(int argument_count, char** arguments) {
  using namespace fiberproof::verify;
  if (argument_count < 2) {
    fmt::print(stderr, "usage: fiberproof_mutants PROGRAM [ROUTINE…]\n");
    return 2;
  }
  const auto file = ObjectFile::open(arguments[1]);
  if (!file) {
    fmt::print(stderr, "{}\n", message(file.error()));
    return 2;
  }
  std::vector<Contract> contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    auto contract = parse_contract(text, std::string(path));
    if (!contract) {
      fmt::print(stderr, "{}\n", message(contract.error()));
      return 2;
    }
    contracts.push_back(std::move(*contract));
  }
  const auto subjects = mutated_routines(*file, contracts);
  if (!subjects) {
    fmt::print(stderr, "{}\n", subjects.error());
    return 2;
  }
  const auto [unbroken_path, unbroken_text] = embedded_unbroken();
  const auto unbroken = parse_unbroken(unbroken_text, unbroken_path);
  if (!unbroken) {
    fmt::print(stderr, "{}\n", unbroken.error());
    return 2;
  }
  const auto solver = make_z3_solver(std::chrono::seconds(5));
  int status = 0;
  const std::set<std::string> chosen(arguments + 2, arguments + argument_count);
  std::size_t count = 0;
  for (const MutatedRoutine& subject : *subjects) {
    if (!chosen.empty() && !chosen.contains(subject.routine.symbol)) continue;
    ++count;
    const auto judged = judge_mutants(subject, *file, *solver);
    if (!judged) {
      fmt::print(stderr, "fiberproof: {}\n", judged.error());
      return 2;
    }
    for (const std::string& line : summary(subject.routine.symbol, judged->mutants)) {
      fmt::print("{}\n", line);
    }
    const auto clauses = broken_clauses(*judged);
    for (const std::string& line : clause_table(clauses, *unbroken)) fmt::print("{}\n", line);
    const auto faults = clause_faults(clauses, *unbroken);
    for (const std::string& fault : faults) fmt::print("{}\n", fault);
    std::fflush(stdout);
    if (!all_decided(judged->mutants) || !faults.empty()) status = 1;
  }
  if (count == 0) {
    fmt::print(stderr, "fiberproof: {}: no such routine\n", arguments[2]);
    return 2;
  }
  return status;
}
