// Proofs in the binary DRAT format of SAT solvers: steps that add a lemma or delete a clause, each
// a byte 'a' or 'd', the codes of its literals as variable-length numbers, and a 0.
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

/// Parses a proof about `variables` variables. One of its steps must add the empty clause; more may
/// follow. An error names the byte that does not parse (an unknown step, a literal of no variable
/// of the formula, a number that is too long, an end within a step), or says that the empty clause
/// is missing.
[[nodiscard]] std::expected<std::vector<ProofStep>, std::string> parse_proof(
    std::span<const std::byte> proof, std::uint32_t variables);

}  // namespace fiberproof::verify
