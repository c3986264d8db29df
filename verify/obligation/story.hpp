// Tells a counterexample to a reader: minimised, then the claim, the values found, the executed
// instructions and the memory they accessed, and the Program that shows the same on real stacks.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/obligation/scope.hpp"
#include "verify/obligation/setup.hpp"
#include "verify/obligation/theorem.hpp"
#include "verify/smt/query.hpp"
#include "verify/x86/paths.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct StoryContext {
  const std::string& claim;
  const Clause* clause;  ///< null for a claim that the contract does not spell out
  const Contract& contract;
  Case& in;
  Scope& scope;                                ///< where the claim was refuted
  const std::vector<const Code*>& codes;       ///< null for the model
  std::optional<Term> address = std::nullopt;  ///< of the access that the claim is about
};

Refutation tell_story(const StoryContext& context, const Query& query, const Answer& answer,
                      Solver& solver);

}  // namespace fiberproof::verify
