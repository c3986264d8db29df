// Walks of the chains, against the frames that bodies noted when they made them (C6); and the guard
// page below the running stack (C8). Not instrumented, as the other side that only observes.
#include "core/walk.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/machine/guard_probe.hpp"
#include "fuzz/machine/noted_frames.hpp"
#include "fuzz/machine/runner.hpp"

namespace fiberproof::fuzz {

namespace {

/// How many frames are noted where a body is `calls` calls deep: its own comes first.
std::uint64_t frames_noted(std::uint32_t calls) {
  return calls + std::uint64_t{1};
}

}  // namespace

void MachineRunner::judge_noted_frames(StackIndex innermost) {
  for (StackIndex index = innermost; index != no_stack; index = reference_.stack(index).parent) {
    const ReferenceStack& stack = reference_.stack(index);
    if (stack.state != ReferenceStack::State::fresh) {
      check(oracle::c6_frame_count(frames_noted(stack.frame_count()), native(index).frames.size()));
    }
  }
}

void MachineRunner::walk_active_chain(StackIndex self) {
  judge_noted_frames(self);
  NotedFrames noted(*this, self);
  Verdict wrong;
  const auto walked = walk_active(store_, [&](const Frame& frame) {
    frames_to_walk_ -= frames_to_walk_ != 0 ? 1 : 0;
    wrong = noted.met(frame.frame_pointer, frame.stack);
    return !wrong;
  });
  check(wrong);
  check(oracle::c6_walked(walked.has_value()));
  check(oracle::c6_ends(noted.met_count() + noted.left_count(), noted.met_count()));
}

void MachineRunner::walk_suspended_chain(Handle handle, StackIndex index) {
  judge_noted_frames(index);
  NotedFrames noted(*this, index);
  Verdict wrong;
  const auto walked = walk_suspended(store_, handle, [&](const Frame& frame) {
    frames_to_walk_ -= frames_to_walk_ != 0 ? 1 : 0;
    wrong = noted.met(frame.frame_pointer, frame.stack);
    return !wrong;
  });
  check(wrong);
  check(oracle::c6_walked(walked.has_value()));
  check(oracle::c6_ends(noted.met_count() + noted.left_count(), noted.met_count()));
}

void MachineRunner::judge_guard_page(StackIndex self) {
  const NativeStack& stack = native(self);
  const auto [first, end] = stack.continuation().stack->guard_page();
  check(oracle::c8_guard_page(stack.span, {first, end}));
  check(oracle::c8_overrun_faults(end - 1, fault_of_reading(end - 1)));
}

}  // namespace fiberproof::fuzz
