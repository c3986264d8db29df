// The report as a plot: one horizontal bar a contender, grouped by rows, on one logarithmic scale.
// A plain SVG file that needs nothing else.
#pragma once

#include "core/bench/report/measurements.hpp"

#include <string>

namespace fiberproof::bench {

std::string svg(const Measurements& measurements);

}  // namespace fiberproof::bench
