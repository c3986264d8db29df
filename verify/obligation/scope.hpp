// Evaluates a contract's expressions: a scope is one point of one execution, in which names,
// registers and memory have values.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/smt/term.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The meaning of ghosts and runs in one case of a contract.
struct Names {
  const Contract* contract = nullptr;
  std::map<std::string, Term, std::less<>> words;
  std::map<std::string, Formula, std::less<>> truths;
  std::map<std::string, std::uint64_t, std::less<>> run_begins;
  std::map<std::string, std::uint64_t, std::less<>> run_ends;
};

/// `cpu` is not const, because a load of unknown memory names it.
struct Scope {
  const Names* names;
  SymbolicCpu* cpu;
  std::optional<Term> rip;
  Scope* old = nullptr;  ///< the contract's beginning; null if this is it
  /// Holds where all memory evaluated so far lies in its region, under the premises around it.
  Formula is_defined = truth(true);
  std::vector<Formula> premises = {};
};

/// The value of an expression of the sort in the function's name. Fails if it reads memory in no
/// region, or refers to a call that has not happened.
[[nodiscard]] std::expected<Term, std::string> word_value(const Expression& expression,
                                                          Scope& scope);
[[nodiscard]] std::expected<Formula, std::string> truth_value(const Expression& expression,
                                                              Scope& scope);

}  // namespace fiberproof::verify
