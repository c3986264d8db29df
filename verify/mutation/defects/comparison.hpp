// Compares what a hunt found of a defect with what its patch says of itself.
#pragma once

#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/findings.hpp"

#include <string>
#include <vector>

namespace fiberproof::verify {

/// Whether a crash of this kind is what an oracle must end with.
bool is_seen_by(const Oracle& oracle, const std::string& kind);

/// Each difference on a line; none where the findings are what the patch says.
std::vector<std::string> differences(const Defect& defect, const Findings& findings);

}  // namespace fiberproof::verify
