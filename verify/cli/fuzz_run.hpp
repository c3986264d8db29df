// One target, fuzzed: its processes, what they say while they run, and how they ended.
#pragma once

#include "verify/cli/fuzz_command.hpp"

namespace fiberproof::verify {

/// Runs `options.jobs` processes of `target`, which share the inputs that they find, until the time
/// is over or one of them has found something. `report` has the sums of what they did.
ExitStatus run_target(const FuzzOptions& options, const FuzzTarget& target, TargetReport& report);

}  // namespace fiberproof::verify
