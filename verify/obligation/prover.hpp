// Turns a contract and machine code into obligations, and asks a solver about each.
//
// Assume: what the contract assumes, shown to be satisfiable. Run: every path of every routine.
// Show: the clauses. Unchanged: every store lies in what the contract may modify, and every access
// in a region, none of them below the red zone of the stack that it is on.
#pragma once

#include "verify/machine/object_file.hpp"
#include "verify/machine/paths.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"

#include <expected>
#include <functional>
#include <map>
#include <string>

namespace fiberproof::verify {

struct ProverOptions {
  /// Names of the file's symbols for those of the contract, where they differ.
  std::map<std::string, std::string, std::less<>> symbols;
  /// Only the code, and only until a theorem is refuted: enough to tell a mutant from the original.
  bool is_mutant = false;
  /// Stands for the code of the contract's only run, at addresses as load_address() gives them.
  const Code* code = nullptr;
  /// Sees every query and its answer: for scripts and second opinions.
  std::function<void(const std::string& theorem, const Query&, const Answer&)> on_query;
};

/// Where code at `address` of the file runs in a proof.
std::uint64_t load_address(const ObjectFile& file, std::uint64_t address);

/// Every theorem of `contract` on the code in `file`. An error, one clear line, where the code
/// cannot be had: a missing symbol, an instruction that is not on the allow list.
std::expected<ContractResult, std::string> prove(const Contract& contract, const ObjectFile& file,
                                                 Solver& solver, const ProverOptions& options);

}  // namespace fiberproof::verify
