// What a run without a violation did, and the lines that a run writes before it ends the process on
// purpose, which a replay reads.
#pragma once

#include <cstdint>
#include <string_view>

namespace fiberproof::fuzz {

/// Written to standard error before a run overruns a stack; the number of the continuation and
/// ", D deep" follow.
inline constexpr std::string_view about_to_overrun =
    "fiberproof: about to overrun the stack of continuation ";

/// Written before a run touches a guard page from another stack; the number of the continuation and
/// ", in no active chain" follow.
inline constexpr std::string_view about_to_trespass =
    "fiberproof: about to touch a guard page of continuation ";

/// Written before a run does what a check of core must stop; the rule and both numbers follow:
/// "C3, 0x… against 0x…".
inline constexpr std::string_view about_to_break = "fiberproof: about to break ";

struct Outcome {
  std::uint64_t steps = 0;
  std::uint64_t continuations = 0;       ///< that began to run
  std::uint64_t started = 0;             ///< by `start`; refused ones are among them
  std::uint64_t started_values = 0;      ///< in their args buffers, all together
  std::uint64_t store_work = 0;          ///< steps that the program's store took, and values
  std::uint64_t unmapped = 0;            ///< initialize steps whose stack the system refused
  bool trap_reported_as_return = false;  ///< a trapped start arrived with payload Return (T5, v44)
};

}  // namespace fiberproof::fuzz
