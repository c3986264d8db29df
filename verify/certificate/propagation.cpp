#include "verify/certificate/propagation.hpp"

#include <algorithm>
#include <utility>

namespace fiberproof::verify {

Propagation::Propagation(std::uint32_t variables)
    : watches_(2 * (std::size_t{variables} + 1)),
      values_(2 * (std::size_t{variables} + 1)),
      reasons_(std::size_t{variables} + 1, no_clause) {}

Propagation::ClauseId Propagation::add(Cnf::Clause literals) {
  const auto id = static_cast<ClauseId>(clauses_.size());
  const std::size_t begin = literals_.size();
  literals_.insert(literals_.end(), literals.begin(), literals.end());
  clauses_.push_back({begin, static_cast<std::uint32_t>(literals.size()), true});
  const auto own = literals_.begin() + static_cast<std::ptrdiff_t>(begin);
  // The first two literals are watched; prefer ones that are not false.
  const auto is_open = [this](Literal literal) { return !is_false(literal); };
  const auto closed = std::partition(own, literals_.end(), is_open);
  const auto open = closed - own;
  if (literals.size() >= 2) activate(id);
  if (open == 0) conflict_ = id;
  if (open == 1 && !is_true(*own)) assign(*own, id);
  return id;
}

void Propagation::activate(ClauseId id) {
  Clause& clause = clauses_[id];
  clause.is_active = true;
  if (clause.size < 2) return;
  const Literal first = literals_[clause.begin];
  const Literal second = literals_[clause.begin + 1];
  watches_[first.code()].push_back({id, second});
  watches_[second.code()].push_back({id, first});
}

Cnf::Clause Propagation::literals(ClauseId clause) const {
  return Cnf::Clause(literals_).subspan(clauses_[clause].begin, clauses_[clause].size);
}

void Propagation::assign(Literal literal, ClauseId reason) {
  values_[literal.code()] = 1;
  values_[(~literal).code()] = -1;
  reasons_[literal.variable()] = reason;
  trail_.push_back(literal);
}

std::optional<Propagation::ClauseId> Propagation::propagate() {
  while (!conflict_ && done_ < trail_.size()) conflict_ = visit(~trail_[done_++]);
  return conflict_;
}

// Each clause that watches this literal, which is now false, watches another one, or is a unit, or
// is the conflict. Watches of deleted clauses, and of clauses that now watch other literals, are
// dropped.
std::optional<Propagation::ClauseId> Propagation::visit(Literal falsified) {
  std::optional<ClauseId> conflict;
  std::vector<Watch>& watches = watches_[falsified.code()];
  auto kept = watches.begin();
  auto watch = watches.begin();
  for (; watch != watches.end() && !conflict; ++watch) {
    if (is_true(watch->other)) {
      *kept++ = *watch;
      continue;
    }
    const Clause& clause = clauses_[watch->clause];
    if (!clause.is_active) continue;
    Literal* const own = &literals_[clause.begin];
    if (own[0] == falsified) std::swap(own[0], own[1]);
    if (own[1] != falsified) continue;
    *kept++ = {watch->clause, own[0]};
    if (is_true(own[0])) continue;
    Literal* const end = own + clause.size;
    Literal* const open =
        std::find_if(own + 2, end, [this](Literal literal) { return !is_false(literal); });
    if (open != end) {
      std::swap(own[1], *open);
      watches_[own[1].code()].push_back(*--kept);
    } else if (is_false(own[0])) {
      conflict = watch->clause;
    } else {
      assign(own[0], watch->clause);
    }
  }
  watches.erase(std::move(watch, watches.end(), kept), watches.end());
  return conflict;
}

void Propagation::undo(std::size_t trail_size) {
  for (; trail_.size() > trail_size; trail_.pop_back()) {
    const Literal literal = trail_.back();
    values_[literal.code()] = values_[(~literal).code()] = 0;
    reasons_[literal.variable()] = no_clause;
  }
  done_ = std::min(done_, trail_size);
  conflict_.reset();
}

}  // namespace fiberproof::verify
