// Walks of the chains, against the frames that bodies noted when they made them (C6); and the guard
// page below the running stack (C8). Not instrumented, as the other side that only observes.
#include "core/walk.hpp"

#include "core/sanitizer.hpp"
#include "fuzz/run/guard_probe.hpp"
#include "fuzz/run/noted_frames.hpp"
#include "fuzz/run/runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace fiberproof::fuzz {

namespace {

/// How many frames are noted where a body is `calls` calls deep: its own comes first.
std::uint64_t frames_noted(std::uint32_t calls) {
  return calls + std::uint64_t{1};
}

// A walk that is to end early does so within as many frames.
constexpr std::uint64_t early_stop_max = 8;

constexpr std::uint64_t number_of(Frame::Kind kind) {
  return static_cast<std::uint64_t>(kind);
}

/// The outermost frame of a continuation: the words there lead to another stack.
bool is_trampoline(const Frame& frame) {
  if (frame.stack->initial) {
    return false;
  }
  const StackBounds bounds = static_cast<const Continuation&>(*frame.stack).stack->bounds();
  return frame.frame_pointer == bounds.top - spec::saved_rbp_below_top;
}

/// Where the frame at `frame_pointer` goes on, as those inside of it say, out from here.
[[gnu::noinline]] std::uint64_t return_address_into(std::uint64_t frame_pointer) {
  auto inner = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  while (read_word(inner) != frame_pointer) {
    inner = read_word(inner);
  }
  return read_word(inner + 8);
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

/// What a walk begins with.
struct MachineRunner::WalkBegin {
  Frame::Kind kind = Frame::Kind::after_call;
  /// Of one from its caller, and known once the walk is called; else null.
  const std::uint64_t* caller_frame_pointer = nullptr;
  /// Of one from elsewhere.
  std::uint64_t instruction = 0;
};

/// `walk` calls a visitor with each frame, and says whether it came to its end. Each frame goes on
/// where the one inside it says. Returns how many frames there are.
template <class Walk>
std::uint64_t MachineRunner::judge_walk(NotedFrames noted, const WalkBegin& begin, Walk walk) {
  Verdict wrong;
  std::uint64_t frames = 0;
  std::uint64_t instruction = begin.instruction;
  Frame::Kind kind = begin.kind;
  const std::expected<void, WalkError> walked = walk([&](const Frame& frame) {
    frames_to_walk_ -= frames_to_walk_ != 0 ? 1 : 0;
    if (frames++ == 0 && begin.caller_frame_pointer != nullptr) {
      wrong = oracle::c6_begins(*begin.caller_frame_pointer, frame.frame_pointer);
      instruction = return_address_into(*begin.caller_frame_pointer);
    }
    if (!wrong) wrong = noted.met(frame.frame_pointer, frame.stack);
    if (!wrong) wrong = oracle::c6_instruction(instruction, frame.instruction);
    if (!wrong) wrong = oracle::c6_kind(number_of(kind), number_of(frame.kind));
    instruction = read_word(frame.frame_pointer + 8);
    kind = is_trampoline(frame) ? Frame::Kind::after_switch : Frame::Kind::after_call;
    return !wrong;
  });
  check(wrong);
  check(oracle::c6_walked(walked.has_value()));
  check(oracle::c6_ends(noted.met_count() + noted.left_count(), noted.met_count()));
  return frames;
}

/// To the initial stack; and through the chains of all open entries, to the embedder's.
void MachineRunner::walk_active_chain(StackIndex self) {
  judge_noted_frames(self);
  std::uint64_t caller = 0;
  const WalkBegin begin{.caller_frame_pointer = &caller};
  judge_walk(NotedFrames(*this, self), begin, [this, &caller](FrameVisitor visit) {
    caller = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
    return walk_active(*store_, visit);
  });
  const std::uint64_t frames =
      judge_walk(NotedFrames(*this, self, NotedFrames::Until::outermost_entry), begin,
                 [&caller](FrameVisitor visit) {
                   caller = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
                   return walk_thread(visit);
                 });
  stop_walk_early(frames);
}

/// A visitor that wants no more ends the walk, whatever is beyond. Near the beginning, which is
/// inside of the innermost entry.
void MachineRunner::stop_walk_early(std::uint64_t frames) {
  const std::uint64_t wanted = 1 + reference_.serial() % std::min(frames, early_stop_max);
  std::uint64_t got = 0;
  const auto walked = walk_thread([&](const Frame&) { return ++got != wanted; });
  check(oracle::c6_walked(walked.has_value()));
  check(oracle::c6_stops(wanted, got));
}

void MachineRunner::walk_suspended_chain(Handle handle, StackIndex index) {
  judge_noted_frames(index);
  const ReferenceStack& stack = reference_.stack(index);
  const bool is_fresh = stack.state == ReferenceStack::State::fresh;
  // The context of its last ancestor says where it goes on.
  const Span& last = native(stack.last_ancestor).span;
  const WalkBegin begin{.kind = is_fresh ? Frame::Kind::exact : Frame::Kind::after_switch,
                        .instruction = read_word(last.end - spec::saved_rip_below_top)};
  judge_walk(NotedFrames(*this, index), begin,
             [this, handle](FrameVisitor visit) { return walk_suspended(*store_, handle, visit); });
}

void MachineRunner::walk_slot(std::uint8_t number) {
  const MachineReference::Slot& slot = reference_.slot(number);
  reference_.is_good(slot) ? walk_suspended_chain(slots_[number], slot.stack)
                           : walk_nothing(slots_[number], slot.stack != no_stack);
}

/// A handle that names no chain is refused, as by any operation (C1).
void MachineRunner::walk_nothing(Handle handle, bool was_used) {
  const auto walked = walk_suspended(*store_, handle, [](const Frame&) { return true; });
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
  const auto walked = walk_active(*store_, visit);
  check(oracle::c2_nothing_to_walk(is_refused(walked)));
  check(oracle::c2_nothing_to_walk(is_refused(walk_thread(visit))));
  check(oracle::text_says(SpecId::C2, {"no entry is open"}, describe(walked.error())));
}

/// Reads a word of the highest guard page of a stack that waits, from the one that runs. Says
/// before whose it is, for the replay to compare with what is reported, and does not come back.
void MachineRunner::trespass(const MachineStep& step) {
  const NativeStack& stack = native(reference_.slot(step.handle).stack);
  fmt::print(stderr, "{}{}, in no active chain\n", about_to_trespass,
             reference_.stack(reference_.slot(step.handle).stack).number + numbers_before_);
  std::fflush(stderr);
  read_word(stack.continuation().stack->guard_pages().second - 8);
}

void MachineRunner::judge_guard_pages(StackIndex self) {
  const NativeStack& stack = native(self);
  const auto [first, end] = stack.continuation().stack->guard_pages();
  check(oracle::c8_guard_pages(stack.span, {first, end}));
  check(oracle::c8_guard_is_whole(first_readable_page(first, end)));
  check(oracle::c8_overrun_faults(end - 1, fault_of_reading(end - 1)));
}

}  // namespace fiberproof::fuzz
