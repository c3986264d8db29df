// Meaning of a contract's expressions: a scope is one point of one execution, in which names,
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

/// What the ghosts and runs of one case of a contract stand for.
struct Names {
  const Contract* contract = nullptr;
  std::map<std::string, Term, std::less<>> words;
  std::map<std::string, Formula, std::less<>> truths;
  std::map<std::string, std::uint64_t, std::less<>> run_ends;
};

/// `machine` is not const, because looking at unknown memory gives it a name.
struct Scope {
  const Names* names;
  SymbolicCpu* machine;
  std::optional<Term> rip;
  Scope* old = nullptr;  ///< the contract's beginning; null where this is it
  /// Where the memory that was looked at lies in its region, so far; under the premises around it.
  Formula is_defined = truth(true);
  std::vector<Formula> premises = {};
};

/// The value of an expression of the sort that the function names; an error where it looks at
/// memory that no region holds, or at a call that has not happened.
std::expected<Term, std::string> word_value(const Expression& expression, Scope& scope);
std::expected<Formula, std::string> truth_value(const Expression& expression, Scope& scope);

}  // namespace fiberproof::verify
