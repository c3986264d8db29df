// Unit propagation over a set of clauses that grows and shrinks: finds the literals that must be
// true given the literals on the trail. Two literals of each clause are watched; a clause is
// visited only when one of them becomes false.
//
// The trail is a stack. undo() must remove exactly what was added after some point at which
// propagate() had finished: then each watched literal that becomes unassigned again has a true
// partner that is not younger, which the watches rely on.
#pragma once

#include "verify/certificate/cnf.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace fiberproof::verify {

class Propagation {
 public:
  using ClauseId = std::uint32_t;
  static constexpr ClauseId no_clause = ~ClauseId{0};

  explicit Propagation(std::uint32_t variables);

  /// Adds a clause of distinct literals, none beside its negation. If the trail makes all of them
  /// false, that is the conflict; if it leaves one open, that one becomes true.
  ClauseId add(Cnf::Clause literals);
  void deactivate(ClauseId clause) { clauses_[clause].is_active = false; }
  void activate(ClauseId clause);

  Cnf::Clause literals(ClauseId clause) const;
  bool is_true(Literal literal) const { return values_[literal.code()] > 0; }
  bool is_false(Literal literal) const { return values_[literal.code()] < 0; }
  ClauseId reason(Literal literal) const { return reasons_[literal.variable()]; }

  const std::vector<Literal>& trail() const { return trail_; }
  void assign(Literal literal, ClauseId reason);
  /// Follows every consequence of the trail. Returns the conflict clause, if there is one.
  std::optional<ClauseId> propagate();
  void undo(std::size_t trail_size);

 private:
  struct Clause {
    std::size_t begin;
    std::uint32_t size;
    bool is_active;
  };
  struct Watch {
    ClauseId clause;
    Literal other;  ///< one of its literals: if it is true, the clause needs no visit
  };

  std::optional<ClauseId> visit(Literal falsified);

  std::vector<Literal> literals_;
  std::vector<Clause> clauses_;
  std::vector<std::vector<Watch>> watches_;  ///< by the code of the watched literal
  std::vector<std::int8_t> values_;          ///< by code: 1 true, -1 false
  std::vector<ClauseId> reasons_;            ///< by variable
  std::vector<Literal> trail_;
  std::size_t done_ = 0;  ///< how much of the trail has been followed
  std::optional<ClauseId> conflict_;
};

}  // namespace fiberproof::verify
