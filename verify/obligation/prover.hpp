// Turns a contract and machine code into obligations, and asks a solver about each.
//
// Assume: the contract's assumptions, shown to be satisfiable. Run: every path of every routine.
// Show: the clauses. Unchanged: every store lies in memory that the contract may modify, and every
// access lies in a region, above the red zone of its stack.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/code_place.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"
#include "verify/survey/survey.hpp"
#include "verify/x86/paths.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace fiberproof::verify {

struct ProverOptions {
  /// Places of the code that the contract names, if the file has it under another name. For a
  /// section of sites, one site: a function up to its first indirect jump, or the bytes as given.
  std::map<std::string, CodePlace, std::less<>> places;
  /// Names of variables, as a person types them, for symbols that regions of the contract name.
  std::map<std::string, std::string, std::less<>> variables;
  /// What a search of the file found, if the caller has searched it already.
  const Survey* survey = nullptr;
  /// The switches are those that the search finds, in place of a table of sites.
  bool proves_found_switches = false;
  /// Callees that, without a place, are what the last routine that runs calls, in that order.
  std::set<std::string, std::less<>> callees_by_call;
  /// Prove only the code, and only until a theorem is refuted: enough to tell a mutant from the
  /// original.
  bool is_mutant = false;
  /// For a mutant: decide every theorem all the same, to see which ones it breaks.
  bool asks_on = false;
  /// Replaces the code of the contract's only run, at addresses as load_address() gives them.
  const Code* code = nullptr;
  /// Called with every query and its answer: for scripts and second opinions.
  std::function<void(const std::string& theorem, const Query&, const Answer&)> on_query;
};

/// Proves every theorem of `contract` on the code in `file`. An error, one clear line, if the code
/// is unavailable: a missing symbol, or an instruction outside the allow list.
[[nodiscard]] std::expected<ContractResult, std::string> prove(const Contract& contract,
                                                               const ObjectFile& file,
                                                               Solver& solver,
                                                               const ProverOptions& options);

}  // namespace fiberproof::verify
