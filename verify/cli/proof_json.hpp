// Theorems as JSON: what was claimed, found and expected, and the whole story of a refutation. The
// form is that of verify/report/results.schema.json.
#pragma once

#include "verify/cli/prove_command.hpp"

#include <nlohmann/json_fwd.hpp>

namespace fiberproof::verify {

nlohmann::json to_json(const Theorem& theorem, const ProofReport& proofs);
nlohmann::json to_json(const ProvedSwitches& told);

}  // namespace fiberproof::verify
