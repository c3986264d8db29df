#include "verify/refinement/remembering_machine.hpp"

#include "verify/model/chain_walk.hpp"

#include <utility>

namespace fiberproof::verify::refinement {
namespace {

using model::ConcreteOperation;
using model::ConcreteState;
using model::Machine;

// A state takes a few KiB; beyond this number, all are forgotten.
constexpr std::size_t states_max = 8'000;
constexpr std::size_t taken_max = 200'000;

void append(std::vector<std::uint64_t>& key, const ConcreteOperation& op) {
  key.insert(key.end(), {static_cast<std::uint64_t>(op.kind), op.handle, op.count, op.value,
                         op.room, op.handlers, op.cut, op.function, op.args_capacity,
                         op.return_value_count, op.is_kept, op.frame_pointer, op.stack_pointer,
                         op.thread_limit, op.new_record, op.new_stack, op.new_handle});
}

std::string broken_in(const Machine& machine) {
  std::string text;
  for (const std::string_view name : machine.broken()) text += " " + std::string(name);
  if (auto wrong = model::walk_against_ghosts(machine.state())) text += " D3: " + *wrong;
  return text;
}

}  // namespace

std::size_t RememberingMachine::HashWords::operator()(
    const std::vector<std::uint64_t>& words) const {
  std::uint64_t hash = words.size();
  for (const std::uint64_t word : words) {
    hash = (hash ^ word ^ (hash >> 29)) * 0x9e3779b97f4a7c15;
  }
  return hash ^ (hash >> 32);
}

RememberingMachine::RememberingMachine(const model::Sizes& sizes,
                                       std::optional<model::Mutant> mutant)
    : sizes_(sizes), mutant_(std::move(mutant)) {
  begin(0);
}

void RememberingMachine::begin(std::uint64_t place) {
  if (states_.size() >= states_max || taken_.size() >= taken_max) forget();
  ConcreteState first(sizes_);
  first.write(model::Field::place, 0, place);
  at_ = intern(first, {});
}

Machine::Outcome RememberingMachine::take(const std::vector<Told>& told,
                                          const ConcreteOperation& operation) {
  key_.assign(1, at_);
  append(key_, operation);
  for (const Told& each : told) {
    key_.insert(key_.end(), {static_cast<std::uint64_t>(each.field), each.of, each.value});
  }
  if (const auto found = taken_.find(key_); found != taken_.end()) {
    at_ = found->second.next;
    return found->second.outcome;
  }
  ++carried_out_;
  ConcreteState from = states_[at_].state;
  for (const Told& each : told) from.write(each.field, each.of, each.value);
  Machine machine(std::move(from));
  const Machine::Outcome outcome = machine.take(operation, mutant_);
  at_ = intern(machine.state(), mutant_ ? std::string() : broken_in(machine));
  taken_.emplace(key_, Taken{outcome, at_});
  return outcome;
}

// The violation of a transition is reported at every later visit of its state, too.
std::uint32_t RememberingMachine::intern(const ConcreteState& state, std::string broken) {
  const auto [found, is_new] =
      ids_.emplace(state.words(), static_cast<std::uint32_t>(states_.size()));
  if (is_new) {
    states_.push_back({state, std::move(broken)});
  } else if (!broken.empty()) {
    states_[found->second].broken = std::move(broken);
  }
  return found->second;
}

void RememberingMachine::forget() {
  states_.clear();
  ids_.clear();
  taken_.clear();
}

}  // namespace fiberproof::verify::refinement
