// Runs a Program on core's real fibers, in step with the reference: after each step the
// stack that has the control compares what it sees, and the whole store, with the reference.
//
//   run       one run after another; owns the parts below
//   Progress  program, reference, step, log, outcome     Embedder      store, stacks, handles
//   NativeStacks  what is known of each stack            RunView       all three, to read
//   Bodies    take steps                                 Operations    call core
//   Judge     what a step gave                           StoreJudge    continuations and the store
//   Walker, BrokenWalker  chains by frame pointers       Unwinder      chains by unwind rules
#pragma once

#include "core/store.hpp"
#include "fuzz/oracle/report.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/run/outcome.hpp"

#include <span>

namespace fiberproof::fuzz {

/// Extras of a run.
struct RunOptions {
  /// Walks the chains at many more points, by frame pointers and by the call frame information, and
  /// steps through trampolines one instruction at a time (T7).
  bool walk_everywhere = false;
  /// Has memory that only stacks own in any case, and not in one run of many (owners.hpp).
  bool has_owners = false;
  /// Sees the values of a resume before core does: the place for a planted bug.
  void (*on_resume)(Handle resumed, std::span<Value> values) = nullptr;
};

/// Runs `program`. `handler` takes a violation and does not return. One run at a time.
Outcome run(const Program& program, FindingHandler* handler, const RunOptions& options = {});

}  // namespace fiberproof::fuzz
