// From the JSON of a run to the two files of the report. Files that are there stay as they are
// unless both can be replaced.
#pragma once

#include "core/bench/report/claims.hpp"
#include "core/bench/report/measurements.hpp"

#include <expected>
#include <string>
#include <vector>

namespace fiberproof::bench {

struct ReportPaths {
  std::string json;      ///< read
  std::string markdown;  ///< written
  std::string svg;       ///< written
};

/// Writes both files and returns what became of each claim.
std::expected<std::vector<Judgement>, ReportError> write_report(const ReportPaths& paths);

}  // namespace fiberproof::bench
