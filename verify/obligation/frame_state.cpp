#include "verify/obligation/frame_state.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

SymbolicCpu unknown_cpu(Case& in, Solver& solver, const std::string& name) {
  SymbolicCpu cpu(&in.regions, Memory(&in.regions, &solver, name), name);
  cpu.path = in.entry->path;
  return cpu;
}

std::optional<Register> general_register(std::string_view text) {
  for (std::size_t index = 0; index < register_count; ++index) {
    if (name(static_cast<Register>(index)) == text) return static_cast<Register>(index);
  }
  return std::nullopt;
}

}  // namespace

FrameState::FrameState(const Contract& contract, const std::vector<Clause>& clauses, Case& in,
                       Solver& solver, const std::string& name)
    : cpu_(unknown_cpu(in, solver, name)),
      names_(in.names),
      rip_(variable(name + ".rip")),
      entry_(in.entry_scope()) {
  for (const CallDeclaration& call : contract.calls) {
    cpu_.after_calls.emplace_back(call.name,
                                  unknown_cpu(in, solver, "after_" + call.name).registers());
  }
  Scope scope{&names_, &cpu_, rip_, &entry_};
  // A register may be defined by one that a later clause defines.
  for (std::size_t known = 0; known <= defined_.size();) {
    known = defined_.size() + 1;
    for (const Clause& clause : clauses) define_registers(clause.formula, scope);
  }
  for (const Clause& clause : clauses) assume(clause, scope);
}

void FrameState::define_registers(const Expression& formula, Scope& scope) {
  if (formula.kind == ExpressionKind::both) {
    for (const Expression& part : formula.operands) define_registers(part, scope);
  }
  if (formula.kind != ExpressionKind::equal || formula.operands[0].is_truth) return;
  if (!define(formula.operands[0], formula.operands[1], scope)) {
    define(formula.operands[1], formula.operands[0], scope);
  }
}

bool FrameState::define(const Expression& left, const Expression& right, Scope& scope) {
  if (left.kind != ExpressionKind::register_ || defined_.contains(left.name)) return false;
  const auto named = general_register(left.name);
  if (!named && left.name != "rip") return false;
  const auto value = word_value(right, scope);
  if (!value) return false;
  if (named) {
    cpu_.write(*named, collected(*value));
  } else {
    rip_ = *value;
    scope.rip = rip_;
  }
  defined_.insert(left.name);
  return true;
}

void FrameState::assume(const Clause& clause, Scope& scope) {
  scope.is_defined = truth(true);
  const auto formula = truth_value(clause.formula, scope);
  if (!formula) {
    unread_.push_back(
        fmt::format("clause {} {}: {}", clause.spec_id, clause.label, formula.error()));
    return;
  }
  holds_ = all_of({holds_, scope.is_defined, *formula});
}

Term FrameState::value_of(std::string_view text) {
  const Modes<Term, Formula>& modes = cpu_.modes();
  if (text == "rip") return rip_;
  if (text == "mxcsr_control") return modes.mxcsr & word(mxcsr_control_bits);
  if (text == "x87_control") return modes.x87_control;
  if (text == "df") return select(modes.df, word(1), word(0));
  return cpu_.read(*general_register(text));
}

}  // namespace fiberproof::verify
