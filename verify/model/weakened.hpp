// Properties that say less than they should: one conjunct of a clause left out.
#pragma once

#include "verify/smt/term.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace fiberproof::verify::model {

/// What is said together: `a and b` says two things, and so does `if p then a and b`.
std::vector<Formula> conjuncts(Formula formula);

struct Weakened {
  std::string clause;
  std::size_t conjunct = 0;  ///< the number of what is left out, from 0
};

/// `formula` without that conjunct; true where it has no other.
Formula weakened(Formula formula, const Weakened& weakened);

}  // namespace fiberproof::verify::model
