// The theorems of the machine: every clause of the invariant holds in the beginning and is kept by
// every transition, and every claim about a step holds. For any number of continuations, entries
// and operations.
//
// A query has no quantifiers. To show a clause of arbitrary objects after a transition, the
// invariant before it is assumed of the objects that the transition and the clause speak of, and no
// others; a theorem that needs more is unknown or refuted, never proved.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/model/weakened.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"

#include <functional>
#include <optional>
#include <string>

namespace fiberproof::verify::model {

struct ModelOptions {
  /// Of the machine, to be refuted.
  std::optional<Mutant> mutant;
  /// A clause that is neither shown nor assumed: a mutant of the properties.
  std::string without_clause;
  /// A clause that says less, where it is shown and where it is assumed: another one.
  std::optional<Weakened> weakened;
  /// Of the steps of this kind alone, and of this theorem alone, named without "machine/".
  std::optional<Kind> only_kind;
  std::optional<std::string> only_theorem;
  /// Ends with the first theorem that is not proved.
  bool only_until_refuted = false;
  /// Sees every query and its answer: for scripts and second opinions.
  std::function<void(const std::string& theorem, const Query&, const Answer&)> on_query;
  /// Sees a line for the hints where none of them was good for an obligation.
  std::function<void(const std::string& line)> on_selection;
};

/// Every theorem, named machine/ID.label, of the model.
ContractResult prove_model(Solver& solver, const ModelOptions& options = {});

}  // namespace fiberproof::verify::model
