// Compares continuations and the store with the reference: a continuation when it is made, entered
// and ended, and the whole store after each step.
#pragma once

#include "fuzz/run/embedder.hpp"
#include "fuzz/run/owners.hpp"
#include "fuzz/run/record_judge.hpp"
#include "fuzz/run/unwinder.hpp"
#include "fuzz/run/view.hpp"

#include <cstddef>
#include <optional>

namespace fiberproof::fuzz {

class StoreJudge {
 public:
  StoreJudge(const RunView& view, NativeStacks& natives, Embedder& embedder, Unwinder& unwinder,
             Owners& owners)
      : view_(view), natives_(natives), embedder_(embedder), unwinder_(unwinder), owners_(owners) {}

  /// `probing`: the continuations of this run start and end through the register probes.
  void begin(bool probing);

  /// A continuation was made: its layout is right, and nobody else has its stack.
  void made(StackIndex index, Continuation& record);
  /// Its body was entered by this call.
  void started(StackIndex index, const oracle::ArrayCallSeen& call);
  /// The store, after a step.
  void judge();

  /// How many records the store has, and how many of them have no stack.
  struct Records {
    std::size_t all = 0;
    std::size_t without_stack = 0;
  };
  /// Nothing where the store has so many that counting them is too expensive.
  std::optional<Records> count_records() const;
  /// After a creation, accepted or refused: a record was made only where all others had stacks.
  void judge_records(const std::optional<Records>& before) const;

 private:
  void judge_continuation(StackIndex index);
  void judge_protection(const LayoutRequest& layout) const;
  void judge_ended(StackIndex index);
  void judge_limits(StackIndex running);
  void judge_exceptions(StackIndex running) const;
  void judge_kept_exceptions(StackIndex index) const;

  const RunView& view_;
  NativeStacks& natives_;
  Embedder& embedder_;
  Unwinder& unwinder_;
  Owners& owners_;
  RecordJudge records_{view_, natives_};
  bool probing_ = false;
  std::size_t rotating_ = 0;  ///< place among the live ones of the one looked at in turn
};

}  // namespace fiberproof::fuzz
