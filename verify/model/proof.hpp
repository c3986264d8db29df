// The theorems of the continuation machine: every clause of the invariant holds initially and is
// preserved by every transition, and every claim about a step holds, for any number of
// continuations, entries and operations.
//
// Queries have no quantifiers. To show a clause for arbitrary objects after a transition, the
// invariant before it is assumed for the objects that the transition and the clause mention, and no
// others. A theorem that needs more comes out unknown or refuted, never proved.
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
  /// A mutant of the machine, to be refuted.
  std::optional<Mutant> mutant;
  /// A clause that is neither shown nor assumed: a mutant of the properties.
  std::string without_clause;
  /// A weakened clause, shown and assumed in that form: another mutant of the properties.
  std::optional<Weakened> weakened;
  /// Only steps of this kind, and only this theorem, named without "machine/".
  std::optional<Kind> only_kind;
  std::optional<std::string> only_theorem;
  /// Stops at the first theorem that is not proved.
  bool only_until_refuted = false;
  /// Called with every query and its answer: for scripts and second opinions.
  std::function<void(const std::string& theorem, const Query&, const Answer&)> on_query;
  /// Called with a new hint line for an obligation that no hint fits.
  std::function<void(const std::string& line)> on_selection;
};

/// Every theorem, named machine/ID.label, of the model.
ContractResult prove_model(Solver& solver, const ModelOptions& options = {});

}  // namespace fiberproof::verify::model
