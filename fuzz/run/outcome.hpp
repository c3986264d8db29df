// What a run without a violation did.
#pragma once

#include <cstdint>

namespace fiberproof::fuzz {

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
