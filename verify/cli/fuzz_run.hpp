// Fuzzes one target: starts its processes, reads their output while they run, and judges how they
// ended.
#pragma once

#include "verify/cli/fuzz_command.hpp"

namespace fiberproof::verify {

/// Runs `options.jobs` processes of `target`, which share the inputs that they find, until the time
/// is over or one of them has a finding. A timeout that its input does not reproduce is told, and
/// the target runs once more: a second one could not run. Adds up their work in `report`.
ExitStatus run_target(const FuzzOptions& options, const FuzzTarget& target, TargetReport& report);

}  // namespace fiberproof::verify
