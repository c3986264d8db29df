// The report as a Markdown document: the claims, then one table a row.
#pragma once

#include "core/bench/report/measurements.hpp"

#include <string>

namespace fiberproof::bench {

std::string markdown_report(const Measurements& measurements);

}  // namespace fiberproof::bench
