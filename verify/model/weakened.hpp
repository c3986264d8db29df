// Weakened properties: one conjunct of a clause left out.
#pragma once

#include "verify/smt/term.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace fiberproof::verify::model {

/// The conjuncts of a formula: `a and b` has two, and so has `if p then a and b`.
std::vector<Formula> conjuncts(Formula formula);

struct Weakened {
  std::string clause;
  std::size_t conjunct = 0;  ///< the number of the omitted one, from 0
};

/// `formula` without that conjunct; true if it has no other.
Formula weakened(Formula formula, const Weakened& weakened);

}  // namespace fiberproof::verify::model
