// Walks of the chains, against the frames that bodies noted when they made them (C6); and the guard
// page below the running stack (C8). Not instrumented, as the other side that only observes.
#include "core/walk.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/machine/guard_probe.hpp"
#include "fuzz/machine/noted_frames.hpp"
#include "fuzz/machine/runner.hpp"
#include "fuzz/oracle/spec_layout.hpp"

#include <fmt/format.h>

#include <cstdio>

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

/// `walk` calls a visitor with each frame, and says whether it came to its end. Each frame goes on
/// where the one inside it says, and the first one at `first_instruction`, where that is known.
template <class Walk>
void MachineRunner::judge_walk(NotedFrames noted, std::optional<std::uint64_t> first_instruction,
                               Walk walk) {
  Verdict wrong;
  std::optional<std::uint64_t> instruction = first_instruction;
  const std::expected<void, WalkError> walked = walk([&](const Frame& frame) {
    frames_to_walk_ -= frames_to_walk_ != 0 ? 1 : 0;
    wrong = noted.met(frame.frame_pointer, frame.stack);
    if (!wrong && instruction) {
      wrong = oracle::c6_instruction(*instruction, frame.instruction);
    }
    instruction = read_word(frame.frame_pointer + 8);
    return !wrong;
  });
  check(wrong);
  check(oracle::c6_walked(walked.has_value()));
  check(oracle::c6_ends(noted.met_count() + noted.left_count(), noted.met_count()));
}

/// To the initial stack; and through the chains of all open entries, to the embedder's.
void MachineRunner::walk_active_chain(StackIndex self) {
  judge_noted_frames(self);
  judge_walk(NotedFrames(*this, self), std::nullopt,
             [this](FrameVisitor visit) { return walk_active(store_, visit); });
  judge_walk(NotedFrames(*this, self, NotedFrames::Until::outermost_entry), std::nullopt,
             [](FrameVisitor visit) { return walk_thread(visit); });
}

void MachineRunner::walk_suspended_chain(Handle handle, StackIndex index) {
  judge_noted_frames(index);
  // The context of its last ancestor says where it goes on.
  const Span& last = native(reference_.stack(index).last_ancestor).span;
  const std::uint64_t instruction = read_word(last.end - spec::saved_rip_below_top);
  judge_walk(NotedFrames(*this, index), instruction,
             [this, handle](FrameVisitor visit) { return walk_suspended(store_, handle, visit); });
}

void MachineRunner::walk_slot(std::uint8_t number) {
  const MachineReference::Slot& slot = reference_.slot(number);
  reference_.is_good(slot) ? walk_suspended_chain(slots_[number], slot.stack)
                           : walk_nothing(slots_[number], slot.stack != no_stack);
}

/// A handle that names no chain is refused, as by any operation (C1).
void MachineRunner::walk_nothing(Handle handle, bool was_used) {
  const auto walked = walk_suspended(store_, handle, [](const Frame&) { return true; });
  const bool refused = !walked && (was_used ? std::holds_alternative<ConsumedHandle>(walked.error())
                                            : std::holds_alternative<NullHandle>(walked.error()));
  check(oracle::c1_walk_is_refused(refused));
  judge_text({was_used ? ExpectedTrap::Kind::consumed_handle : ExpectedTrap::Kind::null_handle},
             describe(walked.error()));
}

/// After the run, with no entry open.
void MachineRunner::walk_outside() {
  const auto is_refused = [](const std::expected<void, WalkError>& walked) {
    return !walked && std::holds_alternative<NotEntered>(walked.error());
  };
  const auto visit = [](const Frame&) { return true; };
  const auto walked = walk_active(store_, visit);
  check(oracle::c2_nothing_to_walk(is_refused(walked)));
  check(oracle::c2_nothing_to_walk(is_refused(walk_thread(visit))));
  check(oracle::text_says(SpecId::C2, {"no entry is open"}, describe(walked.error())));
}

/// Reads the last byte of the guard page of a stack that waits, from the one that runs. Says before
/// whose it is, for the replay to compare with what is reported, and does not come back.
void MachineRunner::trespass(const MachineStep& step) {
  const NativeStack& stack = native(reference_.slot(step.handle).stack);
  fmt::print(stderr, "{}{}, in no active chain\n", about_to_trespass,
             reference_.stack(reference_.slot(step.handle).stack).number + numbers_before_);
  std::fflush(stderr);
  read_word(stack.continuation().stack->guard_page().second - 8);
}

void MachineRunner::judge_guard_page(StackIndex self) {
  const NativeStack& stack = native(self);
  const auto [first, end] = stack.continuation().stack->guard_page();
  check(oracle::c8_guard_page(stack.span, {first, end}));
  check(oracle::c8_overrun_faults(end - 1, fault_of_reading(end - 1)));
}

}  // namespace fiberproof::fuzz
