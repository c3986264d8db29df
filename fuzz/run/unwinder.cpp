// Not instrumented, since it only observes, though it runs on whichever stack has the control.
#include "fuzz/run/unwinder.hpp"

#include "fuzz/oracle/frame_rules.hpp"
#include "fuzz/oracle/register_probe.hpp"
#include "fuzz/run/noted_frames.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <unwind.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint32_t unwound_max = 1024;  // frames in a run
constexpr std::uint32_t unwound_at_once_max = 256;
// After its first frames a run unwinds again at one in so many steps, to see more of it.
constexpr std::uint32_t later_period = 8;

// One run in so many steps through trampolines, of so many continuations that follow one another.
constexpr std::uint32_t stepping_period = 4;
constexpr std::uint32_t stepped_max = 2;
constexpr std::uint32_t made_before_max = 4;

constexpr int dwarf_rbp = 6;  // psABI, figure 3.36

/// The one of the run, for the signal handler.
Unwinder* stepping = nullptr;

oracle::ContextWords control_context_of(const Span& stack) {
  return oracle::context_at(oracle::context_address(stack.end));
}

/// One walk of the unwinder, from its caller outward through all entries.
class Unwinding {
 public:
  /// On input the frames of `innermost`, and of the stacks outward, are to be met.
  Unwinding(const RunView& view, StackIndex innermost)
      : view_(view),
        noted_(view, innermost, NotedFrames::Until::outermost_entry),
        next_trampoline_(continuation_at(innermost)) {}

  /// The frames inside the trampoline of `ending`, stopped at `instruction`, are not of the chain.
  void begin_at(StackIndex ending, std::uint64_t instruction) {
    inside_of_ = instruction;
    ending_ = ending;
  }

  /// The first thing that is wrong. `frames_max` frames are looked at, and then nothing is missed.
  [[gnu::noinline]] Verdict unwind(std::uint32_t frames_max) {
    frames_left_ = frames_max;
    _Unwind_Backtrace(&visit, this);
    if (wrong_ || frames_left_ == 0) {
      return wrong_;
    }
    std::uint64_t left = noted_.left_count() + (parent_ || inside_of_ != 0 ? 1 : 0);
    for (StackIndex index = next_trampoline_; index != no_stack; ++left) {
      index = continuation_at(view_.reference().next_outward(index));
    }
    const std::uint64_t met = noted_.met_count() + trampolines_met_;
    return oracle::same(SpecId::T7, "frames of the program and trampolines that the unwinder meets",
                        met + left, met);
  }

  std::uint32_t frames_left() const { return frames_left_; }

 private:
  static _Unwind_Reason_Code visit(_Unwind_Context* context, void* unwinding) {
    auto& self = *static_cast<Unwinding*>(unwinding);
    int is_exact = 0;
    const std::uint64_t rip = _Unwind_GetIPInfo(context, &is_exact);
    const oracle::ContextWords frame{_Unwind_GetCFA(context), _Unwind_GetGR(context, dwarf_rbp),
                                     rip};
    const bool goes_on = self.meet(frame, is_exact != 0) && --self.frames_left_ != 0;
    return goes_on ? _URC_NO_REASON : _URC_END_OF_STACK;
  }

  /// A frame: its registers when it resumes. Whether there are more to meet.
  bool meet(const oracle::ContextWords& frame, bool is_exact) {
    if (inside_of_ != 0) {
      if (frame.rip == inside_of_) {
        inside_of_ = 0;
        parent_ = control_context_of(view_.natives[ending_].span);
      }
      return true;
    }
    if (parent_) {
      wrong_ = oracle::t7_parent(*parent_, frame, is_exact);
      ++trampolines_met_;
      parent_.reset();
    }
    if (!wrong_) {
      wrong_ = noted_.met(frame.rbp, nullptr);
      meet_trampoline(frame.rbp);
    }
    const bool is_over = noted_.are_all_met() && next_trampoline_ == no_stack && !parent_;
    return !wrong_ && !is_over;
  }

  /// The trampoline's frame pointer is known (T3), and what its caller's registers are.
  void meet_trampoline(std::uint64_t frame_pointer) {
    if (next_trampoline_ == no_stack) {
      return;
    }
    const Span& stack = view_.natives[next_trampoline_].span;
    if (frame_pointer == stack.end - spec::saved_rbp_below_top) {
      parent_ = control_context_of(stack);
      next_trampoline_ = continuation_at(view_.reference().next_outward(next_trampoline_));
    }
  }

  /// The next continuation from here outward.
  StackIndex continuation_at(StackIndex index) const {
    while (index != no_stack && view_.reference().stack(index).initial) {
      index = view_.reference().next_outward(index);
    }
    return index;
  }

  const RunView& view_;
  NotedFrames noted_;
  StackIndex next_trampoline_;
  std::optional<oracle::ContextWords> parent_;  ///< what the next frame must be
  std::uint64_t inside_of_ = 0;                 ///< nothing counts before this instruction
  StackIndex ending_ = no_stack;
  std::uint64_t trampolines_met_ = 0;
  std::uint32_t frames_left_ = 0;
  Verdict wrong_;
};

}  // namespace

void Unwinder::begin(std::uint32_t hash) {
  stepped_ = no_stack;
  frames_left_ = 0;
  left_to_step_ = 0;
  if (!view_.progress.options().walk_everywhere) {
    return;
  }
  frames_left_ = unwound_max;
  if (hash % stepping_period == 1) {
    left_to_step_ = stepped_max;
    made_to_step_ = hash / stepping_period % made_before_max;
    fiberproof_step_start_target = fiberproof_start_target;
    stepping = this;
    handle_single_steps([](const Stop& stop) { stepping->judge_stop(stop); });
  }
}

[[gnu::noinline]] void Unwinder::unwind_from_here(StackIndex self) {
  const bool is_later = view_.reference().serial() % later_period != 0;
  if (frames_left_ <= (is_later ? unwound_max / 2 : 0)) {
    return;
  }
  Unwinding unwinding(view_, self);
  const std::uint32_t frames_max = std::min(frames_left_, unwound_at_once_max);
  view_.check(unwinding.unwind(frames_max));
  frames_left_ -= frames_max - unwinding.frames_left();
}

bool Unwinder::wants_to_step_through(StackIndex made) {
  if (left_to_step_ == 0 || view_.reference().stack(made).initial) {
    return false;
  }
  if (made_to_step_ != 0) {
    --made_to_step_;
    return false;
  }
  --left_to_step_;
  return true;
}

std::uint64_t Unwinder::start_of_steps() const {
  return reinterpret_cast<std::uint64_t>(&fiberproof_step_from_start);
}

/// The return address of the trampoline's call (T2, T6) is replaced right before it is used.
void Unwinder::step_through_end(StackIndex self) {
  const std::uint64_t return_address = view_.natives[self].span.end -
                                       spec::buffer_bytes(view_.layout_of(self).capacity()) -
                                       spec::func_ref_below;
  stepped_ = self;
  fiberproof_step_return_target = read_word(return_address);
  write_word(return_address, reinterpret_cast<std::uint64_t>(&fiberproof_step_from_return));
}

/// Before an instruction of a trampoline, in a signal handler. At the start the reference is on the
/// new stack already; at the end it is on the stack outward that resumes.
void Unwinder::judge_stop(const Stop& stop) {
  view_.check(oracle::t7_other_registers(register_rules_at(stop.rip)));
  if (stop.rip == fiberproof_step_start_target) {
    stepped_ = view_.reference().running();
  }
  const StackIndex running = view_.reference().running();
  Unwinding unwinding(view_,
                      running == stepped_ ? view_.reference().next_outward(running) : running);
  unwinding.begin_at(stepped_, stop.rip);
  view_.check(unwinding.unwind(unwound_at_once_max));
}

}  // namespace fiberproof::fuzz
