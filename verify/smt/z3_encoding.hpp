// Two ways to express a query for Z3. Internal to this folder: only this file, its two sources and
// z3_solver.cpp know z3++.h.
#pragma once

#include "verify/smt/query.hpp"

#include <z3++.h>
#include <memory>
#include <optional>
#include <vector>

namespace fiberproof::verify {

class Z3Encoding {
 public:
  virtual ~Z3Encoding() = default;
  /// The SMT-LIB logic of the translated formulas.
  virtual const char* logic() const = 0;
  /// `formula` for Z3, or nothing if this encoding cannot express one of its nodes.
  virtual std::optional<z3::expr> translate(Formula formula) = 0;
  /// The same for a word that is part of a translated formula.
  virtual std::optional<z3::expr> translate(Term term) = 0;
  /// Definitions that the translation relies on: assert them with every query, past and future.
  virtual z3::expr_vector definitions() const = 0;
};

/// As 64-bit vectors. Complete.
std::unique_ptr<Z3Encoding> encode_as_bits(z3::context& context);

/// As integers below 2⁶⁴: a sum is the exact sum less a multiple of 2⁶⁴. Knows sums, comparisons,
/// choices, masks of low bits and shifts, the operations that make addresses, and is faster there
/// by orders of magnitude.
std::unique_ptr<Z3Encoding> encode_as_integers(z3::context& context);

}  // namespace fiberproof::verify
