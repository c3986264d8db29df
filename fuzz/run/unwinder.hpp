// Unwinds the chains of a run by the call frame information, with the unwinder of the C++ runtime
// (T7): from the running stack, and from each instruction of some trampolines. For a target that
// asks for it (RunOptions), and bounded for each run: a frame to unwind costs about a microsecond,
// a single step a signal.
#pragma once

#include "fuzz/run/single_step.hpp"
#include "fuzz/run/view.hpp"

#include <cstdint>

namespace fiberproof::fuzz {

class Unwinder {
 public:
  explicit Unwinder(const RunView& view) : view_(view) {}

  /// `hash` is of the program: the same program is stepped through in the same places.
  void begin(std::uint32_t hash);

  /// From the running stack `self` outward, while this run has frames left for that.
  void unwind_from_here(StackIndex self);

  /// Whether to step through the trampoline of a continuation that has just been made, which then
  /// starts at `start_of_steps` instead.
  bool wants_to_step_through(StackIndex made);
  std::uint64_t start_of_steps() const;
  /// The body of `self` is about to end: steps through the rest of its trampoline.
  void step_through_end(StackIndex self);

 private:
  void judge_stop(const Stop& stop);

  const RunView& view_;
  std::uint32_t frames_left_ = 0;
  std::uint32_t made_to_step_ = 0;  ///< continuations to be made until one is stepped through
  std::uint32_t left_to_step_ = 0;
  StackIndex stepped_ = no_stack;  ///< whose trampoline is being stepped through
};

}  // namespace fiberproof::fuzz
