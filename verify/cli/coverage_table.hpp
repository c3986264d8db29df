// The table of the main job: for each rule of SPEC.md, its proofs and its fuzz oracles.
#pragma once

#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/embedded/rules.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The table as text, followed by the proved code and the targets.
std::string coverage_table(const std::vector<Rule>& rules, const ProofReport& proofs,
                           const FuzzReport& fuzzing);

/// The table and every theorem as JSON.
nlohmann::json coverage_json(const std::vector<Rule>& rules, const ProofReport& proofs,
                             const FuzzReport& fuzzing);

}  // namespace fiberproof::verify
