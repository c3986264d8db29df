#include "verify/proofs/proof_set.hpp"

#include "verify/proofs/unwind_rules.hpp"

#include <vector>

namespace fiberproof::verify {

std::span<const ProofSet> proof_sets() {
  static const std::vector<ProofSet> sets{unwind_rules(), unwind_rules_v44()};
  return sets;
}

}  // namespace fiberproof::verify
