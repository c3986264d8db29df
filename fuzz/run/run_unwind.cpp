// Walks at points that no step names, for a target that asks for them (RunOptions): by frame
// pointers as the steps do; and by the call frame information, with the unwinder of the C++ runtime
// (T7), from the running stack and from the single instructions of a trampoline. Bounded for each
// run: a frame to unwind costs about a microsecond, a single step a signal.
#include "core/sanitizer.hpp"
#include "fuzz/run/noted_frames.hpp"
#include "fuzz/run/runner.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <unwind.h>

#include <algorithm>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint32_t walked_max = 4096;   // frames in a run
constexpr std::uint32_t unwound_max = 1024;  // frames in a run
constexpr std::uint32_t unwound_at_once_max = 256;
// After its first walks a run goes on with one in so many steps, to see more of it.
constexpr std::uint32_t later_period = 8;

// One run in so many steps through trampolines, of so many continuations that follow one another.
constexpr std::uint32_t stepping_period = 4;
constexpr std::uint32_t stepped_max = 2;
constexpr std::uint32_t made_before_max = 4;

constexpr int dwarf_rbp = 6;  // psABI, figure 3.36

oracle::ContextWords control_context_of(const Span& stack) {
  return oracle::context_at(oracle::context_address(stack.end));
}

}  // namespace

/// One walk of the unwinder, from its caller outward through all entries.
class MachineRunner::Unwinding {
 public:
  /// On input the frames of `innermost`, and of the stacks outward, are to be met.
  Unwinding(MachineRunner& runner, StackIndex innermost)
      : runner_(runner),
        noted_(runner, innermost, NotedFrames::Until::outermost_entry),
        next_trampoline_(continuation_at(innermost)) {}

  /// What is inside of the trampoline of `ending`, stopped at `instruction`, is none of the chain.
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
      index = continuation_at(runner_.next_outward(index));
    }
    const std::uint64_t met = noted_.met_count() + trampolines_met_;
    return oracle::t7_ends(met + left, met);
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

  /// A frame: what its registers are when it goes on. Whether there are more to meet.
  bool meet(const oracle::ContextWords& frame, bool is_exact) {
    if (inside_of_ != 0) {
      if (frame.rip == inside_of_) {
        inside_of_ = 0;
        parent_ = control_context_of(runner_.native(ending_).span);
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
    const Span& stack = runner_.native(next_trampoline_).span;
    if (frame_pointer == stack.end - spec::saved_rbp_below_top) {
      parent_ = control_context_of(stack);
      next_trampoline_ = continuation_at(runner_.next_outward(next_trampoline_));
    }
  }

  /// The next continuation from here outward.
  StackIndex continuation_at(StackIndex index) const {
    while (index != no_stack && runner_.reference_.stack(index).initial) {
      index = runner_.next_outward(index);
    }
    return index;
  }

  MachineRunner& runner_;
  NotedFrames noted_;
  StackIndex next_trampoline_;
  std::optional<oracle::ContextWords> parent_;  ///< what the next frame must be
  std::uint64_t inside_of_ = 0;                 ///< nothing counts before this instruction
  StackIndex ending_ = no_stack;
  std::uint64_t trampolines_met_ = 0;
  std::uint32_t frames_left_ = 0;
  Verdict wrong_;
};

StackIndex MachineRunner::next_outward(StackIndex index) const {
  const ReferenceStack& stack = reference_.stack(index);
  return stack.initial ? stack.outer : stack.parent;
}

void MachineRunner::begin_walks(std::uint32_t hash) {
  stepped_ = no_stack;
  left_to_step_ = 0;
  if (!options_.walk_everywhere) {
    return;
  }
  frames_to_walk_ = walked_max;
  frames_to_unwind_ = unwound_max;
  if (hash % stepping_period == 1) {
    left_to_step_ = stepped_max;
    made_to_step_ = hash / stepping_period % made_before_max;
    fiberproof_step_start_target = fiberproof_start_target;
    handle_single_steps([](const Stop& stop) { running_->judge_stop(stop); });
  }
}

void MachineRunner::walk_from_here(StackIndex self) {
  const bool is_later = reference_.serial() % later_period != 0;
  if (frames_to_walk_ > (is_later ? walked_max / 2 : 0)) {
    walk_active_chain(self);
    walk_one_slot();
  }
  if (frames_to_unwind_ > (is_later ? unwound_max / 2 : 0)) {
    unwind_from_here(self);
  }
}

/// The chain that a slot names, another one at each step.
void MachineRunner::walk_one_slot() {
  const std::size_t slot = reference_.serial() % slots_.size();
  if (reference_.is_good(reference_.slot(slot))) {
    walk_suspended_chain(slots_[slot], reference_.slot(slot).stack);
  }
}

[[gnu::noinline]] void MachineRunner::unwind_from_here(StackIndex self) {
  Unwinding unwinding(*this, self);
  const std::uint32_t frames_max = std::min(frames_to_unwind_, unwound_at_once_max);
  check(unwinding.unwind(frames_max));
  frames_to_unwind_ -= frames_max - unwinding.frames_left();
}

/// Whether to step through the trampoline of a continuation that has just been made.
bool MachineRunner::step_through(StackIndex made) {
  if (left_to_step_ == 0 || reference_.stack(made).initial) {
    return false;
  }
  if (made_to_step_ != 0) {
    --made_to_step_;
    return false;
  }
  --left_to_step_;
  return true;
}

/// The return address of the trampoline's call (T2, T6) is replaced right before it is used.
void MachineRunner::step_through_end(StackIndex self) {
  const Signature& signature = program_->functions[reference_.stack(self).function];
  const std::uint32_t capacity = spec::capacity_of(signature.params, signature.returns);
  const std::uint64_t return_address =
      native(self).span.end - spec::buffer_bytes(capacity) - spec::func_ref_below;
  stepped_ = self;
  fiberproof_step_return_target = read_word(return_address);
  write_word(return_address, reinterpret_cast<std::uint64_t>(&fiberproof_step_from_return));
}

/// Before an instruction of a trampoline, in a signal handler. At the start the reference is on the
/// new stack already; at the end it is on whichever stack outward goes on.
void MachineRunner::judge_stop(const Stop& stop) {
  if (stop.rip == fiberproof_step_start_target) {
    stepped_ = reference_.running();
  }
  const StackIndex running = reference_.running();
  Unwinding unwinding(*this, running == stepped_ ? next_outward(running) : running);
  unwinding.begin_at(stepped_, stop.rip);
  check(unwinding.unwind(unwound_at_once_max));
}

}  // namespace fiberproof::fuzz
