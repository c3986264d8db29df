// The continuation machine on numbers: executes the transitions that are proved. Operations go in,
// the new state comes out, and each clause can be checked on it.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/model/fields.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace fiberproof::verify::model {

/// How many objects there are beside the absent one.
struct Sizes {
  std::size_t records = 3;
  std::size_t handles = 6;
  std::size_t stacks = 3;
};

/// The fields of finitely many objects. Reading beyond them yields the initial values.
class ConcreteState {
 public:
  explicit ConcreteState(const Sizes& sizes);

  std::uint64_t read(Field field, std::uint64_t of) const;
  void write(Field field, std::uint64_t of, std::uint64_t value);
  std::uint64_t get(Field field) const { return read(field, 0); }

  /// The number of objects of a sort, the absent one included.
  std::size_t objects(Sort sort) const { return counts_[static_cast<std::size_t>(sort)]; }
  /// Every word, for comparison.
  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  std::size_t index(Field field, std::uint64_t of) const;

  std::array<std::size_t, sorts> counts_;
  std::array<std::size_t, fields> begins_;
  std::vector<std::uint64_t> words_;
};

using ConcreteOperation = Operation<std::uint64_t>;

/// An operation with every operand 0.
ConcreteOperation operation(Kind kind);

class Machine {
 public:
  explicit Machine(const Sizes& sizes) : state_(sizes) {}
  /// Continues from a state that a machine reached.
  explicit Machine(ConcreteState state) : state_(std::move(state)) {}

  enum class Outcome : std::uint8_t {
    impossible,  ///< does not exist in this state, or the machine does not choose it
    refused,     ///< nothing has changed
    done,
  };
  Outcome take(const ConcreteOperation& operation, const std::optional<Mutant>& mutant = {});

  const ConcreteState& state() const { return state_; }

  /// What the latest operation broke: demands and claims about its step, then clauses of the
  /// invariant in the state after it; by the names of their theorems.
  std::vector<std::string_view> broken() const;

 private:
  ConcreteState state_;
  std::vector<std::string_view> broken_by_step_;
  bool is_closed_ = false;
};

}  // namespace fiberproof::verify::model
