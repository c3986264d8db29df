// Any state that satisfies the clauses at one point of a contract, as terms: all registers and all
// memory are unknown there but for what the clauses say. Two of them differ in what the clauses
// leave open.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/smt/memory.hpp"
#include "verify/smt/query.hpp"
#include "verify/smt/term.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

class FrameState {
 public:
  /// `name` tells its variables from those of other states. What was there before the point, and
  /// what callees returned, has the same variables in all states of one case.
  FrameState(const Contract& contract, const std::vector<Clause>& clauses, Case& in, Solver& solver,
             const std::string& name);

  /// Holds where every clause does.
  Formula holds() const { return holds_; }
  /// A register or a mode.
  Term value_of(std::string_view name);
  /// The memory that the clauses read, in the order in which they do.
  const std::vector<Memory::Chunk>& contents() { return cpu_.memory().known_initial(); }
  /// Why a clause could not be evaluated, one line for each such clause. It then claims nothing.
  const std::vector<std::string>& unread() const { return unread_; }

 private:
  /// Gives a register the value that the formula says it equals, so that memory can be read through
  /// it.
  void define_registers(const Expression& formula, Scope& scope);
  bool define(const Expression& left, const Expression& right, Scope& scope);
  void assume(const Clause& clause, Scope& scope);

  SymbolicCpu cpu_;
  Names& names_;
  Term rip_;
  Scope entry_;
  Formula holds_ = truth(true);
  std::set<std::string, std::less<>> defined_;
  std::vector<std::string> unread_;
};

}  // namespace fiberproof::verify
