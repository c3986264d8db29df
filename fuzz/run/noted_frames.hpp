// The frames that the bodies of a chain noted when they made them: a walk of the chain, or an
// unwinding, must meet each of them, among others.
#pragma once

#include "fuzz/run/view.hpp"

namespace fiberproof::fuzz {

/// The noted frames of a chain, innermost first, ticked off as a walk meets them.
class NotedFrames {
 public:
  /// How far out: to the initial stack of the chain, or through the entries around it.
  enum class Until : std::uint8_t { entry, outermost_entry };

  NotedFrames(const RunView& view, StackIndex innermost, Until until = Until::entry)
      : view_(view), until_(until) {
    enter(innermost);
    skip_empty();
  }

  /// A frame that a walk met: on `stack`, where that is known. Frames that nobody noted lie between
  /// the others.
  [[nodiscard]] Verdict met(std::uint64_t frame_pointer, const StackRecord* stack) {
    if (next_ == no_stack) {
      return std::nullopt;
    }
    const NativeStack& expected = view_.natives[next_];
    if (frame_pointer != expected.frames[left_ - 1]) {
      return std::nullopt;
    }
    ++met_;
    --left_;
    skip_empty();
    return stack == nullptr ? Verdict{}
                            : oracle::same(SpecId::C6, "record of the stack of a frame in the walk",
                                           reinterpret_cast<std::uint64_t>(expected.record),
                                           reinterpret_cast<std::uint64_t>(stack));
  }

  bool are_all_met() const { return next_ == no_stack; }
  std::uint64_t met_count() const { return met_; }

  /// How many have not been met.
  std::uint64_t left_count() const {
    std::uint64_t count = left_;
    for (StackIndex index = next_; index != no_stack;) {
      index = outward(index);
      count += index == no_stack ? 0 : view_.natives[index].frames.size();
    }
    return count;
  }

 private:
  StackIndex outward(StackIndex index) const {
    return until_ == Until::entry ? view_.reference().stack(index).parent
                                  : view_.reference().next_outward(index);
  }
  void enter(StackIndex index) {
    next_ = index;
    left_ = index == no_stack ? 0 : view_.natives[index].frames.size();
  }
  void skip_empty() {
    while (next_ != no_stack && left_ == 0) {
      enter(outward(next_));
    }
  }

  const RunView& view_;
  Until until_;
  StackIndex next_ = no_stack;
  std::size_t left_ = 0;
  std::uint64_t met_ = 0;
};

}  // namespace fiberproof::fuzz
