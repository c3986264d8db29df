// Walks the chains of a run by frame pointers, against the frames that bodies noted (C6); and
// touches the guard pages below a stack (C8).
#pragma once

#include "core/walk.hpp"
#include "fuzz/run/noted_frames.hpp"
#include "fuzz/run/view.hpp"

#include <cstdint>

namespace fiberproof::fuzz {

class Walker {
 public:
  explicit Walker(const RunView& view) : view_(view) {}

  void begin();

  /// From the running stack to the initial one, and through the chains of all open entries.
  void walk_active_chain(StackIndex self);
  /// The chain of `handle`, whose innermost stack is `index`.
  void walk_suspended_chain(Handle handle, StackIndex index);
  /// What a slot names: a chain, or nothing, which is rejected.
  void walk_slot(std::uint8_t number);
  /// After the run, with no entry open: every walk is rejected.
  void walk_outside() const;
  /// At a point that no step names, while this run has frames left for that: the active chain, and
  /// another slot's chain each time.
  void walk_from_here(StackIndex self);

  void judge_guard_pages(StackIndex self) const;
  /// Reads a word of a guard page, which ends the process.
  void trespass() const;

 private:
  struct Begin;
  template <class Walk>
  std::uint64_t judge_walk(NotedFrames noted, const Begin& begin, Walk walk);
  void judge_noted_frames(StackIndex innermost) const;
  void stop_walk_early(std::uint64_t frames) const;
  void walk_nothing(Handle handle, bool was_used) const;

  const RunView& view_;
  std::uint32_t frames_left_ = 0;  ///< to walk at points that no step names
};

}  // namespace fiberproof::fuzz
