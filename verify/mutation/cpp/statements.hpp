// The statements in C++ text as a mutator sees them: expressions, conditions, and those that it
// leaves alone.
#pragma once

#include "verify/mutation/cpp/tokens.hpp"

#include <map>
#include <span>
#include <vector>

namespace fiberproof::verify {

struct Statements {
  /// Expression statements in bodies of functions: the first token and the `;`.
  std::map<std::size_t, std::size_t> expressions;
  /// Conditions of `if` without declarations: the first token and the last. Those whose negation is
  /// the mutant of one operator, such as of `a == b` and `!a`, are left out.
  std::map<std::size_t, std::size_t> conditions;
  std::size_t checks = 0;  ///< FIBER_CHECK

  bool is_left_alone(std::size_t token) const { return left_alone[token]; }
  std::vector<bool> left_alone;  ///< of FIBER_CHECK, asm and static_assert, to the `;`
};

Statements statements_of(std::span<const SourceToken> tokens);

}  // namespace fiberproof::verify
