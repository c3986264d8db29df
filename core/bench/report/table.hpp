// The report as a Markdown document: the claims, then one table a row.
#pragma once

#include "core/bench/report/measurements.hpp"

#include <string>

namespace fiberproof::bench {

std::string markdown(const Measurements& measurements);

/// Three significant digits, or all before the point.
std::string short_number(double value);

}  // namespace fiberproof::bench
