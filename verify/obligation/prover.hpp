// Turns a contract and machine code into obligations, and asks a solver about each.
//
// Assume: what the contract assumes, shown to be satisfiable. Run: every path of every routine.
// Show: the clauses. Unchanged: every store lies in what the contract may modify, and every access
// in a region, none of them below the red zone of the stack that it is on.
#pragma once

#include "verify/object/object_file.hpp"
#include "verify/obligation/code_place.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"
#include "verify/x86/paths.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace fiberproof::verify {

struct ProverOptions {
  /// Where the file has what the contract names, for what it does not have under that name. For a
  /// section of sites, one site: a function up to its first indirect jump, or the bytes as given.
  std::map<std::string, CodePlace, std::less<>> places;
  /// Callees that, without a place, are what the last routine that runs calls.
  std::set<std::string, std::less<>> callees_by_call;
  /// Only the code, and only until a theorem is refuted: enough to tell a mutant from the original.
  bool is_mutant = false;
  /// Of a mutant, every theorem all the same: which of them it breaks.
  bool asks_on = false;
  /// Stands for the code of the contract's only run, at addresses as load_address() gives them.
  const Code* code = nullptr;
  /// Sees every query and its answer: for scripts and second opinions.
  std::function<void(const std::string& theorem, const Query&, const Answer&)> on_query;
};

/// Every theorem of `contract` on the code in `file`. An error, one clear line, where the code
/// cannot be had: a missing symbol, an instruction that is not on the allow list.
std::expected<ContractResult, std::string> prove(const Contract& contract, const ObjectFile& file,
                                                 Solver& solver, const ProverOptions& options);

// What a proof without a contract's form needs of the same.

/// The code of a run, decoded, which is noted in `result`.
std::expected<Code, std::string> code_of(const Run& run, const ObjectFile& file,
                                         const ProverOptions& options, ContractResult& result);

/// Where the function runs that the contract calls `symbol`.
std::expected<std::uint64_t, std::string> callee_address(const std::string& symbol,
                                                         const ObjectFile& file,
                                                         const ProverOptions& options);

}  // namespace fiberproof::verify
