#include "verify/certificate/checker.hpp"

#include "verify/certificate/proof.hpp"
#include "verify/certificate/propagation.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

namespace fiberproof::verify {
namespace {

using ClauseId = Propagation::ClauseId;

// A clause with a literal and its negation is true, and carries no information.
bool is_tautology(Cnf::Clause ascending) {
  const auto clash = [](Literal a, Literal b) { return a == ~b; };
  return std::ranges::adjacent_find(ascending, clash) != ascending.end();
}

// Finds clauses by their literals, in any order.
class ClauseIndex {
 public:
  explicit ClauseIndex(const Propagation& clauses) : clauses_(clauses) {}

  void insert(Cnf::Clause ascending, ClauseId id) { ids_.emplace(hash(ascending), id); }

  // Removes one clause of exactly these literals from the index, and returns it.
  std::optional<ClauseId> take(Cnf::Clause ascending) {
    const auto [begin, end] = ids_.equal_range(hash(ascending));
    for (auto entry = begin; entry != end; ++entry) {
      const auto literals = clauses_.literals(entry->second);
      if (!std::ranges::is_permutation(literals, ascending)) continue;
      const ClauseId id = entry->second;
      ids_.erase(entry);
      return id;
    }
    return std::nullopt;
  }

 private:
  static std::uint64_t hash(Cnf::Clause ascending) {
    std::uint64_t hash = ascending.size();
    for (const Literal literal : ascending)
      hash = (hash ^ literal.code()) * 0x9e37'79b9'7f4a'7c15 >> 1;
    return hash;
  }

  const Propagation& clauses_;
  std::unordered_multimap<std::uint64_t, ClauseId> ids_;
};

class Checker {
 public:
  Checker(const Cnf& formula, std::vector<ProofStep> steps)
      : steps_(std::move(steps)),
        clauses_(formula.variables()),
        index_(clauses_),
        seen_(std::size_t{formula.variables()} + 1) {
    std::vector<Literal> literals;
    for (std::size_t clause = 0; clause < formula.size(); ++clause) {
      literals.assign(formula[clause].begin(), formula[clause].end());
      std::ranges::sort(literals);
      literals.erase(std::ranges::unique(literals).begin(), literals.end());
      if (!is_tautology(literals)) add(literals);
    }
  }

  CheckedProof run(std::chrono::steady_clock::time_point deadline) {
    CheckedProof result;
    result.lemmas = static_cast<std::size_t>(
        std::ranges::count_if(steps_, [](const ProofStep& step) { return !step.is_deletion; }));
    std::size_t step = 0;
    auto conflict = clauses_.propagate();
    for (; !conflict && step < steps_.size(); ++step) conflict = take(steps_[step]);
    if (!conflict) return result;  // impossible: the empty clause itself is one
    need(*conflict);
    while (step-- > 0) {
      if (!take_back(step, result)) {
        result.reason = fmt::format("step {} of the proof does not follow", step + 1);
        return result;
      }
      if (std::chrono::steady_clock::now() > deadline) {
        result.verdict = ProofVerdict::out_of_time;
        return result;
      }
    }
    result.verdict = ProofVerdict::accepted;
    return result;
  }

 private:
  struct Done {
    std::optional<ClauseId> clause;  ///< the clause that the step added or removed, if any
    std::size_t trail_size;          ///< before it
  };

  ClauseId add(Cnf::Clause ascending) {
    const ClauseId id = clauses_.add(ascending);
    index_.insert(ascending, id);
    needed_.push_back(false);
    return id;
  }

  // Forward pass: accepts a lemma for now. Returns the conflict, once there is one.
  std::optional<ClauseId> take(const ProofStep& step) {
    Done done{std::nullopt, clauses_.trail().size()};
    if (!step.is_deletion) {
      if (!is_tautology(step.literals)) done.clause = add(step.literals);
    } else if (const auto found = index_.take(step.literals); found && !is_reason(*found)) {
      clauses_.deactivate(*found);
      done.clause = found;
    }
    done_.push_back(done);
    return clauses_.propagate();
  }

  // Whether the clause is the reason for a literal that is permanently true; units need no watches.
  bool is_reason(ClauseId clause) const {
    return std::ranges::any_of(clauses_.literals(clause), [&](Literal literal) {
      return clauses_.is_true(literal) && clauses_.reason(literal) == clause;
    });
  }

  // Backward pass: restores clauses and trail to the state before the step. Returns false if the
  // step added a lemma that is needed and does not follow from them.
  bool take_back(std::size_t step, CheckedProof& result) {
    const auto [clause, trail_size] = done_[step];
    if (!clause) return true;
    if (steps_[step].is_deletion) {
      clauses_.activate(*clause);
      return true;
    }
    clauses_.deactivate(*clause);
    clauses_.undo(trail_size);
    if (!needed_[*clause]) return true;
    ++result.checked;
    return follows(steps_[step].literals);
  }

  bool follows(Cnf::Clause lemma) {
    const std::size_t trail_size = clauses_.trail().size();
    for (const Literal literal : lemma) {
      if (clauses_.is_true(literal)) {  // a clause has made it true already
        need(clauses_.reason(literal));
        clauses_.undo(trail_size);
        return true;
      }
      if (!clauses_.is_false(literal)) clauses_.assign(~literal, Propagation::no_clause);
    }
    const auto conflict = clauses_.propagate();
    if (conflict) need(*conflict);
    clauses_.undo(trail_size);
    return conflict.has_value();
  }

  // Marks the clause, the reasons of its literals on the trail, and their reasons, as needed.
  void need(ClauseId clause) {
    ++check_;
    std::vector<ClauseId> open{clause};
    while (!open.empty()) {
      const ClauseId next = open.back();
      open.pop_back();
      needed_[next] = true;
      for (const Literal literal : clauses_.literals(next)) {
        if (seen_[literal.variable()] == check_) continue;
        seen_[literal.variable()] = check_;
        if (const ClauseId reason = clauses_.reason(literal); reason != Propagation::no_clause)
          open.push_back(reason);
      }
    }
  }

  std::vector<ProofStep> steps_;
  Propagation clauses_;
  ClauseIndex index_;
  std::vector<Done> done_;           // by step
  std::vector<bool> needed_;         // by clause
  std::vector<std::uint64_t> seen_;  // by variable: the latest check that met it
  std::uint64_t check_ = 0;
};

}  // namespace

CheckedProof check_proof(const Cnf& formula, std::span<const std::byte> proof,
                         std::chrono::steady_clock::time_point deadline) {
  auto steps = parse_proof(proof, formula.variables());
  if (!steps) return {ProofVerdict::rejected, steps.error(), 0, 0};
  return Checker(formula, std::move(*steps)).run(deadline);
}

}  // namespace fiberproof::verify
