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
#include <string_view>

namespace fiberproof::verify {

struct ProverOptions {
  /// Names of the file's symbols for those of the contract, where they differ.
  std::map<std::string, std::string, std::less<>> symbols;
  /// Only the code, and only until a theorem is refuted: enough to tell a mutant from the original.
  bool is_mutant = false;
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

/// Where code runs: a position-independent file is proved far above 4 GiB, where the loader puts
/// it, so that an address cut to 32 bits is not the same address.
std::uint64_t load_address(const ObjectFile& file, std::uint64_t address);

/// What the file calls the symbol `name`.
std::string_view file_symbol(const std::string& name, const ProverOptions& options);

}  // namespace fiberproof::verify
