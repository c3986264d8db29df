// Runs a Program on core's real fibers and asks every oracle at every step; the reference says
// which events must happen, in which order.
#pragma once

#include "fuzz/oracle/report.hpp"
#include "fuzz/run/outcome.hpp"
#include "fuzz/start/program.hpp"

namespace fiberproof::fuzz {

/// Runs `program`. A violation goes to `handler` and does not come back. One run at a time.
Outcome run(const Program& program, FindingHandler* handler);

}  // namespace fiberproof::fuzz
