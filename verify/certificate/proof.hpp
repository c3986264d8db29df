// Proofs as SAT solvers write them, in the binary DRAT format: steps that add a lemma or delete a
// clause, each a byte 'a' or 'd', the codes of its literals as variable-length numbers, and a 0.
#pragma once

#include "verify/certificate/cnf.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProofStep {
  bool is_deletion = false;
  std::vector<Literal> literals;  ///< in ascending order, each once
};

/// The steps of a proof about `variables` variables, one of which adds the empty clause; a solver
/// may go on after it. An error names the byte where the proof is none (an unknown step, a literal
/// of no variable of the formula, a number that is too long, an end within a step), or says that it
/// lacks the empty clause.
std::expected<std::vector<ProofStep>, std::string> parse_proof(std::span<const std::byte> proof,
                                                               std::uint32_t variables);

}  // namespace fiberproof::verify
