#include "verify/proofs/proof_set.hpp"

#include "verify/model/proof.hpp"
#include "verify/model/refutation.hpp"
#include "verify/proofs/unwind_rules.hpp"

#include <string_view>
#include <vector>

namespace fiberproof::verify {
namespace {

std::expected<ContractResult, std::string> prove_machine(const ObjectFile&, Solver& solver,
                                                         const ProverOptions& options) {
  model::ModelOptions model;
  model.on_query = options.on_query;
  ContractResult result = model::prove_model(solver, model);
  constexpr std::string_view prefix = "machine/";
  for (Theorem& theorem : result.theorems) {
    if (theorem.verdict == Verdict::proved) continue;
    theorem.refutation = model::refutation_of(std::string_view(theorem.name).substr(prefix.size()));
  }
  return result;
}

}  // namespace

std::span<const ProofSet> proof_sets() {
  static const std::vector<ProofSet> sets{
      unwind_rules(), unwind_rules_v44(), {"machine", prove_machine}};
  return sets;
}

}  // namespace fiberproof::verify
