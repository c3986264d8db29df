// What the embedder of a run owns: the store, the stacks that it supplies, the functions that
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
#include <utility>

namespace fiberproof::fuzz {

struct RunView;

class Embedder {
 public:
  /// `call` is the array call of every continuation.
  explicit Embedder(FuncRef::ArrayCall* call);

  /// `hash` is of the program: the same program gets the same kind of store.
  void begin(const Program& program, std::uint32_t hash);
  /// Whether the store ends with the run, with whatever is fresh or suspended then.
  bool has_own_store() const { return own_store_.has_value(); }
  /// After the last step, in the entry: abandons what is fresh or suspended, chain by chain, and
  /// releases all stacks.
  void abandon_all(const RunView& view, NativeStacks& natives);
  /// After the run, with no entry open.
  void end_own_store(const RunView& view, NativeStacks& natives);

  Store& store() { return *store_; }
  const Store& store() const { return *store_; }
  /// Continuations that the store made in earlier runs.
  std::uint64_t numbers_before() const { return numbers_before_; }
  const fiberproof::Function& function(std::size_t index) const { return functions_[index]; }
  const std::array<Handle, program_bounds::handles>& slots() const { return slots_; }
  void put(std::size_t slot, Handle handle) { slots_[slot] = handle; }

  /// The stacks that it supplies, and those beside the store.
  StackSource& stacks() { return stacks_; }
  /// A supplied stack for the continuation that is being made.
  [[nodiscard]] std::expected<Stack*, StackError> lease(const StackShape& shape);
  /// No continuation was made on it.
  void give_back_lease();
  /// A continuation was made: the lease on its stack, empty for a pooled one.
  LeasedStack take_lease() { return std::exchange(lease_, {}); }
  /// Takes back the supplied stack of a continuation that has ended.
  void give_back(NativeStack& ended);

 private:
  Store kept_store_;
  std::optional<Store> own_store_;
  Store* store_ = &kept_store_;
  std::uint64_t numbers_before_ = 0;
  StackSource stacks_;
  LeasedStack lease_{};
  std::deque<fiberproof::Function> functions_;
  std::array<Handle, program_bounds::handles> slots_{};
};

}  // namespace fiberproof::fuzz
