#include "verify/proofs/proof_set.hpp"

#include "verify/model/proof.hpp"
#include "verify/proofs/unwind_rules.hpp"

#include <vector>

namespace fiberproof::verify {
namespace {

std::expected<ContractResult, std::string> prove_machine(const ObjectFile&, Solver& solver,
                                                         const ProverOptions& options) {
  model::ModelOptions model;
  model.on_query = options.on_query;
  return model::prove_model(solver, model);
}

}  // namespace

std::span<const ProofSet> proof_sets() {
  static const std::vector<ProofSet> sets{
      unwind_rules(), unwind_rules_v44(), {"machine", prove_machine}};
  return sets;
}

}  // namespace fiberproof::verify
