// The frames that the bodies of a chain noted when they made them: what whoever walks or unwinds
// the chain must meet, among others.
#pragma once

#include "fuzz/run/runner.hpp"

namespace fiberproof::fuzz {

/// The noted frames of a chain, innermost first, ticked off as a walk meets them.
class MachineRunner::NotedFrames {
 public:
  /// How far out: to the initial stack of the chain, or through the entries around it.
  enum class Until : std::uint8_t { entry, outermost_entry };

  NotedFrames(MachineRunner& runner, StackIndex innermost, Until until = Until::entry)
      : runner_(runner), until_(until) {
    enter(innermost);
    skip_empty();
  }

  /// A frame that a walk met: on `stack`, where that is known. Frames that nobody noted lie between
  /// the others.
  Verdict met(std::uint64_t frame_pointer, const StackRecord* stack) {
    if (next_ == no_stack) {
      return std::nullopt;
    }
    const NativeStack& expected = runner_.native(next_);
    if (frame_pointer != expected.frames[left_ - 1]) {
      return std::nullopt;
    }
    ++met_;
    --left_;
    skip_empty();
    return stack == nullptr ? Verdict{}
                            : oracle::c6_stack(reinterpret_cast<std::uint64_t>(expected.record),
                                               reinterpret_cast<std::uint64_t>(stack));
  }

  bool are_all_met() const { return next_ == no_stack; }
  std::uint64_t met_count() const { return met_; }

  /// How many have not been met.
  std::uint64_t left_count() const {
    std::uint64_t count = left_;
    for (StackIndex index = next_; index != no_stack;) {
      index = outward(index);
      count += index == no_stack ? 0 : runner_.native(index).frames.size();
    }
    return count;
  }

 private:
  StackIndex outward(StackIndex index) const {
    return until_ == Until::entry ? runner_.reference_.stack(index).parent
                                  : runner_.next_outward(index);
  }
  void enter(StackIndex index) {
    next_ = index;
    left_ = index == no_stack ? 0 : runner_.native(index).frames.size();
  }
  void skip_empty() {
    while (next_ != no_stack && left_ == 0) {
      enter(outward(next_));
    }
  }

  MachineRunner& runner_;
  Until until_;
  StackIndex next_ = no_stack;
  std::size_t left_ = 0;
  std::uint64_t met_ = 0;
};

}  // namespace fiberproof::fuzz
