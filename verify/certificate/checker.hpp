// Checks a proof that a formula is unsatisfiable, without any knowledge of the solver that wrote
// it.
//
// A lemma must follow from the clauses before it by unit propagation (RUP): with all of its
// literals false, propagation reaches a conflict. The formula implies every accepted lemma, so that
// an accepted empty clause means that nothing satisfies the formula. DRAT's weaker rule, which also
// allows lemmas that merely preserve satisfiability (RAT), is left out: CaDiCaL's defaults do not
// use it, and a proof that does is rejected.
//
// The checker verifies only the lemmas that the empty clause needs, from last to first. It obeys
// deletions, because they make propagation fast, except of a clause that is the reason for a
// permanently true literal: that clause stays, as in drat-trim. Neither can make a wrong proof
// right, because every clause that propagation uses is in the formula or is a lemma that is checked
// later.
#pragma once

#include "verify/certificate/cnf.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fiberproof::verify {

enum class ProofVerdict : std::uint8_t { accepted, rejected, out_of_time };

struct CheckedProof {
  ProofVerdict verdict = ProofVerdict::rejected;
  std::string reason;       ///< of a rejection
  std::size_t lemmas = 0;   ///< in the proof
  std::size_t checked = 0;  ///< how many of them the empty clause needs
};

/// Whether `proof`, in binary DRAT, derives the empty clause from `formula`.
CheckedProof check_proof(
    const Cnf& formula, std::span<const std::byte> proof,
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

}  // namespace fiberproof::verify
