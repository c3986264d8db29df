// A second implementation of propagation and proof checking, as plain as possible: no watches, no
// deletions, every clause visited again and again. The tests compare the real ones with it.
#pragma once

#include "verify/certificate/cnf.hpp"
#include "verify/certificate/proof.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fiberproof::verify {

using Clauses = std::vector<std::vector<Literal>>;

/// By the code of a literal: 1 true, -1 false, 0 unknown.
using Values = std::vector<signed char>;

inline Clauses clauses_of(const Cnf& formula) {
  Clauses clauses;
  for (std::size_t index = 0; index < formula.size(); ++index)
    clauses.emplace_back(formula[index].begin(), formula[index].end());
  return clauses;
}

/// All consequences of the clauses and `true_literals` by unit propagation; nothing if they
/// contradict each other.
inline std::optional<Values> consequences(const Clauses& clauses, std::uint32_t variables,
                                          const std::vector<Literal>& true_literals) {
  Values values(2 * (std::size_t{variables} + 1));
  const auto assign = [&values](Literal literal) {
    values[literal.code()] = 1;
    values[(~literal).code()] = -1;
  };
  for (const Literal literal : true_literals) {
    if (values[literal.code()] < 0) return std::nullopt;
    assign(literal);
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& clause : clauses) {
      std::optional<Literal> open;
      bool is_open = false;  // already true, or more than one open literal
      for (const Literal literal : clause) {
        const signed char value = values[literal.code()];
        if (value > 0 || (value == 0 && open && *open != literal)) is_open = true;
        if (value == 0) open = literal;
      }
      if (is_open) continue;
      if (!open) return std::nullopt;
      assign(*open);
      changed = true;
    }
  }
  return values;
}

/// Whether those lemmas of `proof` that follow by propagation, one after the other, lead to the
/// empty clause. Skips the others: a proof may hold steps that it does not need.
inline bool reference_accepts(const Cnf& formula, std::span<const std::byte> proof) {
  const auto steps = parse_proof(proof, formula.variables());
  if (!steps) return false;
  Clauses clauses = clauses_of(formula);
  for (const ProofStep& step : *steps) {
    if (step.is_deletion) continue;
    std::vector<Literal> negated;
    for (const Literal literal : step.literals) negated.push_back(~literal);
    if (consequences(clauses, formula.variables(), negated)) continue;
    if (step.literals.empty()) return true;
    clauses.push_back(step.literals);
  }
  return false;
}

/// Whether some assignment of its few variables satisfies the formula.
inline bool is_satisfiable(const Cnf& formula) {
  for (std::uint64_t values = 0; values >> formula.variables() == 0; ++values) {
    const auto is_true = [values](Literal literal) {
      return ((values >> (literal.variable() - 1) & 1) != 0) != literal.is_negated();
    };
    bool all = true;
    for (std::size_t index = 0; index < formula.size(); ++index)
      all = all && std::ranges::any_of(formula[index], is_true);
    if (all) return true;
  }
  return false;
}

}  // namespace fiberproof::verify
