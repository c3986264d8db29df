// Unit propagation over a set of clauses that grows and shrinks: what must be true where the
// literals on the trail are. Two literals of each clause are watched; a clause is looked at only
// when one of them becomes false.
//
// The trail is a stack. What undo() takes off it must be all that came after some point at which
// propagate() had finished: then each watched literal that is false again has a true partner that
// is not younger, as the watches rely on.
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

  /// Puts a clause in, with distinct literals and no literal beside its negation. Where the trail
  /// leaves it no way out, that is the conflict; where it leaves one, that one is assigned.
  ClauseId add(Cnf::Clause literals);
  void deactivate(ClauseId clause) { clauses_[clause].is_active = false; }
  void activate(ClauseId clause);

  Cnf::Clause literals(ClauseId clause) const;
  bool is_true(Literal literal) const { return values_[literal.code()] > 0; }
  bool is_false(Literal literal) const { return values_[literal.code()] < 0; }
  ClauseId reason(Literal literal) const { return reasons_[literal.variable()]; }

  const std::vector<Literal>& trail() const { return trail_; }
  void assign(Literal literal, ClauseId reason);
  /// Follows every consequence of the trail. The clause without a way out, if there is one now.
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
    Literal other;  ///< one of its literals: where it is true the clause needs no look
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
