// Checks a proof that a formula is unsatisfiable. Knows nothing of the solver that wrote it.
//
// A lemma must follow from the clauses before it by unit propagation (RUP): with all of its
// literals false, propagation meets a clause without a way out. Every accepted lemma is implied by
// the formula, so that the empty one says that nothing satisfies it. The weaker rule of DRAT, by
// which a lemma may also be one that keeps satisfiability (RAT), is left out: CaDiCaL's defaults do
// not use it, and a proof that does is refused.
//
// Only lemmas that the empty clause needs are checked, from the last to the first. Deletions are
// obeyed, since they make propagation fast, but for a clause that is the reason of a literal that
// is true once and for all: that one stays, as with drat-trim. Neither can make a wrong proof a
// right one, because every clause that propagation uses is one of the formula or a lemma that is
// still to be checked.
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
  std::size_t checked = 0;  ///< of them, those that the empty clause needs
};

/// Whether `proof`, in binary DRAT, derives the empty clause from `formula`.
CheckedProof check_proof(
    const Cnf& formula, std::span<const std::byte> proof,
    std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max());

}  // namespace fiberproof::verify
