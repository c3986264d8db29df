// The machine of verify/model with a memory: each operation in a state is executed once, however
// many runs reach it. Every state that it reaches is checked: each clause of the invariant, and the
// ghosts of chains against a walk.
#pragma once

#include "verify/model/machine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace fiberproof::verify::refinement {

/// A field that is set from outside, because no transition writes it or a handle's holder forgot
/// it.
struct Told {
  model::Field field;
  std::uint64_t of;
  std::uint64_t value;
};

class RememberingMachine {
 public:
  RememberingMachine(const model::Sizes& sizes, std::optional<model::Mutant> mutant);

  /// Returns to the initial state; the watched place of buffers is `place`.
  void begin(std::uint64_t place);
  /// Nothing is open yet, so no transition writes this.
  model::Machine::Outcome take(const std::vector<Told>& told,
                               const model::ConcreteOperation& operation);
  const model::ConcreteState& state() const { return states_[at_].state; }
  /// The violation in the current state, or that was broken by the transition to it. Empty for a
  /// mutant.
  const std::string& broken() const { return states_[at_].broken; }

  /// Transitions that were executed, not remembered.
  std::uint64_t carried_out() const { return carried_out_; }

 private:
  struct Known {
    model::ConcreteState state;
    std::string broken;
  };
  struct Taken {
    model::Machine::Outcome outcome;
    std::uint32_t next;
  };
  struct HashWords {
    std::size_t operator()(const std::vector<std::uint64_t>& words) const;
  };

  std::uint32_t intern(const model::ConcreteState& state, std::string broken);
  void forget();

  model::Sizes sizes_;
  std::optional<model::Mutant> mutant_;
  std::vector<Known> states_;
  std::unordered_map<std::vector<std::uint64_t>, std::uint32_t, HashWords> ids_;
  std::unordered_map<std::vector<std::uint64_t>, Taken, HashWords> taken_;
  std::vector<std::uint64_t> key_;
  std::uint32_t at_ = 0;
  std::uint64_t carried_out_ = 0;
};

}  // namespace fiberproof::verify::refinement
