// Runs a MachineProgram on core's real fibers, in step with the reference: after each step
// whichever stack has the control compares what it sees with what the reference says, and the whole
// store with the reference's.
#pragma once

#include "core/store.hpp"
#include "fuzz/oracle/report.hpp"
#include "fuzz/program/program.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace fiberproof::fuzz {

/// What a run writes to standard error before it overruns a stack, with the number of the
/// continuation and ", D deep" behind it.
inline constexpr std::string_view about_to_overrun =
    "fiberproof: about to overrun the stack of continuation ";

/// What one writes before it touches a guard page from elsewhere, with the number of the
/// continuation and ", in no active chain" behind it.
inline constexpr std::string_view about_to_trespass =
    "fiberproof: about to touch a guard page of continuation ";

/// What one writes before it does what a check of core's must stop, with the rule and both numbers
/// behind it: "C3, 0x… against 0x…".
inline constexpr std::string_view about_to_break = "fiberproof: about to break ";

/// What a run without a violation did.
struct Outcome {
  std::uint64_t steps = 0;
  std::uint64_t continuations = 0;       ///< that began to run
  std::uint64_t started = 0;             ///< of those, by `start`
  std::uint64_t started_values = 0;      ///< in their args buffers, all together
  std::uint64_t store_work = 0;          ///< steps that the program's store took, and values
  std::uint64_t unmapped = 0;            ///< initialize steps whose stack the system refused
  bool trap_reported_as_return = false;  ///< a trapped start arrived with payload Return (T5, v44)
};

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
