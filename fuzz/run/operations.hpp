// The steps that are operations of core, and what each gave.
#pragma once

#include "fuzz/run/embedder.hpp"
#include "fuzz/run/judge.hpp"
#include "fuzz/run/seen.hpp"
#include "fuzz/run/store_judge.hpp"
#include "fuzz/run/view.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof::fuzz {

class Operations {
 public:
  Operations(const RunView& view, Embedder& embedder, Judge& judge, StoreJudge& store_judge);

  /// `probing`: a register probe is around every operation of this run.
  void begin(bool probing);

  /// Performs an operation on the store of `self`, which took the step. Returns when it has the
  /// control again, or throws what reaches it.
  Seen operate(const Step& step, StackIndex self);

  /// Resumes a continuation that is not to be resumed, by a forged handle of its present revision,
  /// with an exception or without: a check of core ends the process.
  void resume_again();

 private:
  struct Probed;
  Seen operate_unprobed(const Step& step);
  Seen make(const Step& step);
  Seen make_unjudged(const Step& step);
  Seen bind(const Step& step);
  Seen drop(const Step& step);
  Seen resume_or_throw(const Step& step);
  Seen suspend_or_switch(const Step& step);
  std::span<Value> memory_for(std::size_t count, std::span<Value> few);
  std::span<const Value> values_for(std::span<Value> room, std::uint32_t count) const;

  const RunView& view_;
  Embedder& embedder_;
  Judge& judge_;
  StoreJudge& store_judge_;
  Store* store_ = nullptr;  ///< of the stack that took the latest step
  bool probing_ = false;
  std::vector<Value> values_in_;
};

}  // namespace fiberproof::fuzz
