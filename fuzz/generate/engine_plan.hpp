// The features that a program for engines exercises, and its declarations.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/program.hpp"

#include <cstddef>

namespace fiberproof::fuzz {

/// The features that a program exercises.
struct EnginePlan {
  bool switches, binds, exceptions, collects, repeats, nests, many_values, enters, drops;
  bool is_refused_on_the_way;  ///< a step of the initial stack
  bool is_uncaught;            ///< an exception reaches the initial stack
  bool ends_refused;
  bool ends_in_overflow;
  std::size_t steps;  ///< at least, where there is room

  explicit EnginePlan(Random& random);
};

/// Clears `program`, and declares what `plan` needs. The first function has a parameter, and at
/// most 15; the last has long lists if the plan asks for them.
void declare_for_engines(const EnginePlan& plan, Random& random, Program& program);

}  // namespace fiberproof::fuzz
