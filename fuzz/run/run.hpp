// Runs a MachineProgram on core's real fibers, in step with the reference: after each step
// whichever stack has the control compares what it sees with what the reference says, and the whole
// store with the reference's.
#pragma once

#include "core/store.hpp"
#include "fuzz/oracle/report.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/run/outcome.hpp"

#include <span>

namespace fiberproof::fuzz {

/// What a run does besides.
struct RunOptions {
  /// Walks the chains at many points that no step names, by frame pointers and by the call frame
  /// information, and steps through trampolines instruction by instruction (T7).
  bool walk_everywhere = false;
  /// Sees the values of a resume before core does, for a bug planted on the way.
  void (*on_resume)(Handle resumed, std::span<Value> values) = nullptr;
};

/// Runs `program`. A violation goes to `handler` and does not come back. One run at a time.
Outcome run(const MachineProgram& program, FindingHandler* handler, const RunOptions& options = {});

}  // namespace fiberproof::fuzz
