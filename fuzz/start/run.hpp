// Runs a Program on core's real fibers and asks every oracle at every step; the reference says
// which events must happen, in which order.
#pragma once

#include "fuzz/oracle/report.hpp"
#include "fuzz/start/program.hpp"

#include <cstdint>
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
  std::uint64_t continuations = 0;       ///< that were started
  std::uint64_t values = 0;              ///< in their args buffers, all together
  std::uint64_t unmapped = 0;            ///< initialize steps whose stack the system refused
  bool trap_reported_as_return = false;  ///< a trapped start arrived with payload Return (T5, v44)
};

/// Runs `program`. A violation goes to `handler` and does not come back. One run at a time.
Outcome run(const Program& program, FindingHandler* handler);

}  // namespace fiberproof::fuzz
