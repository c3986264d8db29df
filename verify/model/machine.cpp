#include "verify/model/machine.hpp"

#include "verify/model/invariant.hpp"
#include "verify/model/step.hpp"
#include "verify/model/transition.hpp"

#include <algorithm>

namespace fiberproof::verify::model {
namespace {

using Word = std::uint64_t;
using State = ConcreteState;
using ConcreteEffect = Effect<Word, bool>;

// A handler table is a number: bit 0 is a suspend clause for the tag, bit 1 a switch clause.
constexpr std::size_t tables = 4;

bool is_possible(const State& state, const ConcreteEffect& effect) {
  const auto holds = [](const auto& condition) { return condition.holds; };
  if (!std::ranges::all_of(effect.assumed, holds)) return false;
  if (!std::ranges::all_of(effect.chosen, holds)) return false;
  for (Word x = 1; x < state.objects(Sort::record); ++x) {
    for (const auto& condition : effect.chosen_of_each) {
      if (!condition.holds(x)) return false;
    }
  }
  return true;
}

}  // namespace

ConcreteState::ConcreteState(const Sizes& sizes)
    : counts_{sizes.records + 1, sizes.handles + 1, sizes.stacks + 1, tables, 1} {
  for (const FieldFacts& what : field_table) {
    begins_[static_cast<std::size_t>(what.field)] = words_.size();
    for (std::size_t of = 0; of < objects(what.sort); ++of) {
      words_.push_back(initially(what.field));
    }
  }
  for (Word stack = 1; stack < objects(Sort::stack); ++stack) {
    write(Field::lowest, stack, 0x10000 * stack);
    write(Field::slots, stack, 1);
  }
  for (Word table = 0; table < tables; ++table) {
    write(Field::suspend_clause, table, table & 1);
    write(Field::switch_clause, table, table >> 1);
  }
}

std::size_t ConcreteState::index(Field field, std::uint64_t of) const {
  return begins_[static_cast<std::size_t>(field)] + of;
}

std::uint64_t ConcreteState::read(Field field, std::uint64_t of) const {
  const Sort sort = facts(field).sort;
  if (sort == Sort::store) of = 0;
  return of < objects(sort) ? words_[index(field, of)] : initially(field);
}

void ConcreteState::write(Field field, std::uint64_t of, std::uint64_t value) {
  words_[index(field, of)] = value;
}

ConcreteOperation operation(Kind kind) {
  ConcreteOperation made{};
  made.kind = kind;
  return made;
}

Machine::Outcome Machine::take(const ConcreteOperation& operation,
                               const std::optional<Mutant>& mutant) {
  broken_by_step_.clear();
  const State before = state_;
  Transition<Word, bool, State> transition(before, operation);
  ConcreteEffect& effect = transition.take();
  if (mutant && mutant->kind == operation.kind)
    apply(*mutant, state_.read(Field::active, 0), effect);
  if (is_closed_ || !is_possible(before, effect)) return Outcome::impossible;

  const After<Word, bool, State> after(before, effect);
  const View<Word, bool, State> then(before);
  const View<Word, bool, After<Word, bool, State>> now(after);
  for (Word x = 0; x < before.objects(Sort::record); ++x) {
    for (const auto& demand : effect.demands) {
      if (after.accepted() && !demand.holds(x)) broken_by_step_.push_back(demand.theorem);
    }
    for (const auto& claim : StepClaims<Word, bool, State>::claims()) {
      if (!claim.holds(then, now, operation, after.accepted(), x)) {
        broken_by_step_.push_back(claim.name);
      }
    }
  }
  if (!after.accepted()) return Outcome::refused;
  for (const auto& write : effect.writes) {
    for (Word of = 0; of < state_.objects(facts(write.field).sort); ++of) {
      if (write.where(of)) state_.write(write.field, of, write.value(of));
    }
  }
  is_closed_ = operation.kind == Kind::close;
  return Outcome::done;
}

std::vector<std::string_view> Machine::broken() const {
  std::vector<std::string_view> names = broken_by_step_;
  if (is_closed_) return names;
  const View<Word, bool, State> view(state_);
  for (const auto& clause : Invariant<Word, bool, State>::clauses()) {
    const std::size_t count = state_.objects(clause.sort);
    bool holds = true;
    for (Word x = 0; x < count && holds; ++x) {
      for (Word y = 0; y < (clause.is_of_two ? count : 1) && holds; ++y) {
        holds = clause.holds(view, x, y);
      }
    }
    if (!holds) names.push_back(clause.name);
  }
  return names;
}

}  // namespace fiberproof::verify::model
