// Formulas in conjunctive normal form, as SAT solvers read them: clauses of literals, all of which
// must hold.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// A variable or its negation. Variables count from 1. The code is 2 · variable, plus 1 for the
/// negation; binary DRAT writes literals the same way.
class Literal {
 public:
  constexpr Literal() = default;
  constexpr explicit Literal(std::uint32_t code) : code_(code) {}
  static constexpr Literal of(std::uint32_t variable) { return Literal(2 * variable); }

  constexpr std::uint32_t code() const { return code_; }
  constexpr std::uint32_t variable() const { return code_ / 2; }
  constexpr bool is_negated() const { return (code_ & 1) != 0; }
  constexpr Literal operator~() const { return Literal(code_ ^ 1); }
  constexpr auto operator<=>(const Literal&) const = default;

 private:
  std::uint32_t code_ = 0;
};

class Cnf {
 public:
  using Clause = std::span<const Literal>;

  Literal new_variable() { return Literal::of(++variables_); }
  std::uint32_t variables() const { return variables_; }

  /// Adds a clause. The clause without literals is allowed, and false.
  void add(Clause clause) {
    literals_.insert(literals_.end(), clause.begin(), clause.end());
    ends_.push_back(literals_.size());
  }
  void add(std::initializer_list<Literal> clause) { add(Clause(clause.begin(), clause.size())); }

  std::size_t size() const { return ends_.size(); }
  Clause operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return Clause(literals_).subspan(begin, ends_[index] - begin);
  }

  /// Equal where the clauses are the same, in the same order.
  auto operator<=>(const Cnf&) const = default;

  /// The text that solvers read (DIMACS).
  std::string to_dimacs() const;

 private:
  std::uint32_t variables_ = 0;
  std::vector<Literal> literals_;
  std::vector<std::size_t> ends_;  ///< where each clause ends in literals_
};

}  // namespace fiberproof::verify
