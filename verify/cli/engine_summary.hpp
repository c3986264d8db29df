// The end of the output of `fiberproof engines`: the table of engines, the kinds of disagreements,
// what the programs held, and how fast each engine was.
#pragma once

#include "verify/cli/engine_campaign.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace fiberproof::verify {

std::string engine_summary(const EngineCampaign& campaign);

/// One kind in one line: "wasmtime-44: expected unreachable, got a return: 3 programs, known …".
std::string finding_line(const EngineReport& report, const EngineFinding& finding);

nlohmann::json to_json(const EngineCampaign& campaign);

}  // namespace fiberproof::verify
