// What the embedder of a run owns: two stores, the stacks that it supplies, the functions that
// continuations run, and the handles that it holds.
#pragma once

#include "core/store.hpp"
#include "fuzz/run/native_stacks.hpp"
#include "fuzz/run/stack_source.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof::fuzz {

struct RunView;

class Embedder {
 public:
  /// `call` is the array call of every continuation; the running stack of `reference` says which
  /// store is meant.
  Embedder(const Reference& reference, FuncRef::ArrayCall* call);

  /// `hash` is of the program: the same program gets the same kind of store.
  void begin(const Program& program, std::uint32_t hash);
  /// Whether the stores end with the run, with whatever is fresh or suspended then.
  bool has_own_stores() const { return own_stores_[0].has_value(); }
  /// After the last step, in the entry: abandons what is fresh or suspended, chain by chain, and
  /// releases all stacks.
  void abandon_all(const RunView& view, NativeStacks& natives);
  /// After the run, with no entry open.
  void end_own_stores(const RunView& view, NativeStacks& natives);

  /// The store of the running stack.
  Store& store() { return *stores_[reference_.running_store()]; }
  const Store& store() const { return *stores_[reference_.running_store()]; }
  Store& store(std::uint8_t number) const { return *stores_[number]; }
  /// Continuations that a store made in earlier runs.
  std::uint64_t numbers_before(std::uint8_t store) const { return numbers_before_[store]; }
  /// Likewise in the running stack's store.
  std::uint64_t numbers_before() const { return numbers_before_[reference_.running_store()]; }
  const fiberproof::Function& function(std::size_t index) const { return functions_[index]; }
  const std::array<Handle, program_bounds::handles>& slots() const { return slots_; }
  void put(std::size_t slot, Handle handle) { slots_[slot] = handle; }

  /// Memory for as many values, filled with the pattern, that lives until forget_rooms: for what a
  /// frame has no room for.
  std::span<Value> room_for(std::size_t values);
  /// Likewise a table with the clauses of a step, which must be one of the program's, behind those
  /// of another tag.
  std::span<const Tag* const> long_table_of(const Step& step);
  /// After the last step: no stack runs again.
  void forget_rooms();

  /// The stacks that it supplies, and those beside the store.
  StackSource& stacks() { return stacks_; }
  /// A supplied stack for the continuation that is being made.
  [[nodiscard]] std::expected<Stack*, StackError> lease(const StackShape& shape);
  /// No continuation was made on it.
  void give_back_lease();
  /// A continuation was made: the lease on its stack, empty for a pooled one.
  LeasedStack take_lease() { return std::exchange(lease_, {}); }
  /// Takes back what a continuation that has ended leaves: a supplied stack, and what was on its
  /// way.
  void give_back(NativeStack& ended);

 private:
  void abandon_those_of(std::uint8_t store, const RunView& view, NativeStacks& natives);

  const Reference& reference_;
  std::array<Store, stores> kept_stores_;
  std::array<std::optional<Store>, stores> own_stores_;
  std::array<Store*, stores> stores_{};
  std::array<std::uint64_t, stores> numbers_before_{};
  std::deque<std::vector<Value>> rooms_;
  std::deque<std::pair<const Step*, std::vector<const Tag*>>> tables_;
  StackSource stacks_;
  LeasedStack lease_{};
  std::deque<fiberproof::Function> functions_;
  std::array<Handle, program_bounds::handles> slots_{};
};

}  // namespace fiberproof::fuzz
