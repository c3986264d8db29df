// Two ways to say a query to Z3. Internal to this folder: with its two sources and z3_solver.cpp,
// this is the only file that knows z3++.h.
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
  /// The logic that the translated formulas are in.
  virtual const char* logic() const = 0;
  /// `formula` for Z3, or nothing where this encoding has no words for one of its nodes.
  virtual std::optional<z3::expr> translate(Formula formula) = 0;
  /// The same for a word that is part of a translated formula.
  virtual std::optional<z3::expr> translate(Term term) = 0;
  /// What the translation relies on: to be asserted with every query, so far and from now on.
  virtual z3::expr_vector definitions() const = 0;
};

/// 64-bit vectors, as they are. Complete.
std::unique_ptr<Z3Encoding> encode_as_bits(z3::context& context);

/// Integers below 2⁶⁴: a sum is the exact sum less a multiple of 2⁶⁴. Knows sums, comparisons,
/// choices, masks of low bits and shifts, which is what addresses are made of, and is faster there
/// by orders of magnitude.
std::unique_ptr<Z3Encoding> encode_as_integers(z3::context& context);

}  // namespace fiberproof::verify
