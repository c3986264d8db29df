// Not instrumented, since it only observes, though it runs on whichever stack has the control.
#include "fuzz/run/walker.hpp"

#include "fuzz/oracle/oracle_text.hpp"
#include "fuzz/run/guard_probe.hpp"
#include "fuzz/run/trap_words.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint32_t frames_max = 4096;  // in a run, at points that no step names
// After its first walks a run walks again at one in so many steps, to see more of it.
constexpr std::uint32_t later_period = 8;
// A walk that is to end early does so within as many frames.
constexpr std::uint64_t early_stop_max = 8;

constexpr std::uint64_t number_of(Frame::Kind kind) {
  return static_cast<std::uint64_t>(kind);
}

std::string_view name_of_kind(std::uint64_t number) {
  switch (static_cast<Frame::Kind>(number)) {
    case Frame::Kind::after_call: return "after a call";
    case Frame::Kind::after_switch: return "after a switch";
    case Frame::Kind::exact: return "exact";
  }
  return "unknown";
}

/// How many frames are noted where a body is `calls` calls deep: its own comes first.
std::uint64_t frames_noted(std::uint32_t calls) {
  return calls + std::uint64_t{1};
}

/// The outermost frame of a continuation: the words there lead to another stack.
bool is_trampoline(const Frame& frame) {
  if (frame.stack->initial) {
    return false;
  }
  const StackBounds bounds = static_cast<const Continuation&>(*frame.stack).stack->bounds();
  return frame.frame_pointer == bounds.top - spec::saved_rbp_below_top;
}

/// The return address into the frame at `frame_pointer`, found from here outward.
[[gnu::noinline]] std::uint64_t return_address_into(std::uint64_t frame_pointer) {
  auto inner = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
  while (read_word(inner) != frame_pointer) {
    inner = read_word(inner);
  }
  return read_word(inner + 8);
}

}  // namespace

void Walker::begin() {
  frames_left_ = view_.progress.options().walk_everywhere ? frames_max : 0;
}

void Walker::judge_noted_frames(StackIndex innermost) const {
  const Reference& reference = view_.reference();
  for (StackIndex index = innermost; index != no_stack; index = reference.stack(index).parent) {
    const ReferenceStack& stack = reference.stack(index);
    if (stack.state != ReferenceStack::State::fresh) {
      view_.same(SpecId::C6, "frames of the program on a stack", frames_noted(stack.frame_count()),
                 view_.natives[index].frames.size());
    }
  }
}

/// What a walk begins with.
struct Walker::Begin {
  Frame::Kind kind = Frame::Kind::after_call;
  /// For a walk from its caller: known once the walk is called. Else null.
  const std::uint64_t* caller_frame_pointer = nullptr;
  /// For a walk from elsewhere.
  std::uint64_t instruction = 0;
};

/// `walk` calls a visitor with each frame, and says whether it came to its end. The instruction of
/// each frame is what the frame inside it says. Returns how many frames there are.
template <class Walk>
std::uint64_t Walker::judge_walk(NotedFrames noted, const Begin& begin, Walk walk) {
  using oracle::same;
  Verdict wrong;
  std::uint64_t frames = 0;
  std::uint64_t instruction = begin.instruction;
  Frame::Kind kind = begin.kind;
  const std::expected<void, WalkError> walked = walk([&](const Frame& frame) {
    frames_left_ -= frames_left_ != 0 ? 1 : 0;
    if (frames++ == 0 && begin.caller_frame_pointer != nullptr) {
      wrong = same(SpecId::C6, "first frame of the walk", *begin.caller_frame_pointer,
                   frame.frame_pointer);
      instruction = return_address_into(*begin.caller_frame_pointer);
    }
    if (!wrong) wrong = noted.met(frame.frame_pointer, frame.stack);
    if (!wrong) {
      wrong =
          same(SpecId::C6, "instruction of a frame in the walk", instruction, frame.instruction);
    }
    if (!wrong) {
      wrong = same(SpecId::C6, "what the instruction of a frame is", number_of(kind),
                   number_of(frame.kind), &name_of_kind);
    }
    instruction = read_word(frame.frame_pointer + 8);
    kind = is_trampoline(frame) ? Frame::Kind::after_switch : Frame::Kind::after_call;
    return !wrong;
  });
  view_.check(wrong);
  view_.same(SpecId::C6, "the walk reaches the end of the chain", true, walked.has_value());
  view_.same(SpecId::C6, "frames of the program that the walk meets",
             noted.met_count() + noted.left_count(), noted.met_count());
  return frames;
}

void Walker::walk_active_chain(StackIndex self) {
  judge_noted_frames(self);
  std::uint64_t caller = 0;
  const Begin begin{.caller_frame_pointer = &caller};
  judge_walk(NotedFrames(view_, self), begin, [this, &caller](FrameVisitor visit) {
    caller = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
    return walk_active(view_.store(), visit);
  });
  const std::uint64_t frames =
      judge_walk(NotedFrames(view_, self, NotedFrames::Until::outermost_entry), begin,
                 [&caller](FrameVisitor visit) {
                   caller = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
                   return walk_thread(visit);
                 });
  stop_walk_early(frames);
}

/// A visitor that wants no more frames ends the walk, whatever is beyond: near the beginning, which
/// is inside the innermost entry.
void Walker::stop_walk_early(std::uint64_t frames) const {
  const std::uint64_t wanted = 1 + view_.reference().serial() % std::min(frames, early_stop_max);
  std::uint64_t got = 0;
  const auto walked = walk_thread([&](const Frame&) { return ++got != wanted; });
  view_.same(SpecId::C6, "the walk ends without an error when its visitor stops it", true,
             walked.has_value());
  view_.same(SpecId::C6, "frames that the visitor sees until it stops the walk", wanted, got);
}

void Walker::walk_suspended_chain(Handle handle, StackIndex index) {
  judge_noted_frames(index);
  const ReferenceStack& stack = view_.reference().stack(index);
  const bool is_fresh = stack.state == ReferenceStack::State::fresh;
  // The context of its last ancestor says where it resumes.
  const Span& last = view_.natives[stack.last_ancestor].span;
  const Begin begin{.kind = is_fresh ? Frame::Kind::exact : Frame::Kind::after_switch,
                    .instruction = read_word(last.end - spec::saved_rip_below_top)};
  judge_walk(NotedFrames(view_, index), begin, [this, handle](FrameVisitor visit) {
    return walk_suspended(view_.store(), handle, visit);
  });
}

void Walker::walk_slot(std::uint8_t number) {
  const Reference::Slot& slot = view_.reference().slot(number);
  view_.reference().is_good(slot) ? walk_suspended_chain(view_.slot(number), slot.stack)
                                  : walk_nothing(view_.slot(number), slot.stack != no_stack);
}

/// A handle that names no chain is rejected, as by any operation (C1).
void Walker::walk_nothing(Handle handle, bool was_used) const {
  const auto walked = walk_suspended(view_.store(), handle, [](const Frame&) { return true; });
  const bool is_rejected =
      !walked && (was_used ? std::holds_alternative<ConsumedHandle>(walked.error())
                           : std::holds_alternative<NullHandle>(walked.error()));
  view_.same(SpecId::C1, "a walk by a handle that names no chain is rejected for that", true,
             is_rejected);
  judge_text(view_,
             {was_used ? ExpectedTrap::Kind::consumed_handle : ExpectedTrap::Kind::null_handle},
             describe(walked.error()));
}

void Walker::walk_outside() const {
  const auto is_rejected = [](const std::expected<void, WalkError>& walked) {
    return !walked && std::holds_alternative<NotEntered>(walked.error());
  };
  const auto visit = [](const Frame&) { return true; };
  const auto walked = walk_active(view_.store(), visit);
  constexpr const char* what = "a walk with no entry open is rejected for that";
  view_.same(SpecId::C2, what, true, is_rejected(walked));
  view_.same(SpecId::C2, what, true, is_rejected(walk_thread(visit)));
  view_.check(oracle::text_says(SpecId::C2, {"no entry is open"}, describe(walked.error())));
}

void Walker::walk_from_here(StackIndex self) {
  const bool is_later = view_.reference().serial() % later_period != 0;
  if (frames_left_ <= (is_later ? frames_max / 2 : 0)) {
    return;
  }
  walk_active_chain(self);
  const std::size_t number = view_.reference().serial() % program_bounds::handles;
  const Reference::Slot& slot = view_.reference().slot(number);
  const bool is_of_store = slot.stack != no_stack && view_.reference().stack(slot.stack).store ==
                                                         view_.reference().stack(self).store;
  if (is_of_store && view_.reference().is_good(slot)) {
    walk_suspended_chain(view_.slot(number), slot.stack);
  }
}

void Walker::trespass() const {
  const EndPlace place = view_.end_place();
  announce(place);
  read_word(place.access);
}

void Walker::judge_guard_pages(StackIndex self) const {
  const NativeStack& stack = view_.natives[self];
  const auto [first, end] = stack.continuation().stack->guard_pages();
  view_.check(oracle::c8_guard_pages(stack.span, {first, end}));
  const std::optional<std::uint64_t> readable = first_readable_page(first, end);
  view_.same(SpecId::C8, "address of a guard page that can be read, 0 for none", 0,
             readable.value_or(0));
  view_.same(SpecId::C8, "the byte below the limit can be read", false, is_readable(end - 1));
}

}  // namespace fiberproof::fuzz
