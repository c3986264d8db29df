// Turns the JSON of a run into the report. An old report stays as it is unless the new one is
// whole.
#pragma once

#include "core/bench/report/claims.hpp"
#include "core/bench/report/measurements.hpp"

#include <expected>
#include <string>
#include <vector>

namespace fiberproof::bench {

/// Reads the file `json`, writes the file `markdown`, and returns the verdict on each claim.
[[nodiscard]] std::expected<std::vector<Judgement>, ReportError> write_report(
    const std::string& json, const std::string& markdown);

}  // namespace fiberproof::bench
