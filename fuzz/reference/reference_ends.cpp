// The reference, part 2: the frames of the running stack, and how a body, a chain or an entry ends.
#include "fuzz/reference/reference.hpp"

#include <algorithm>

namespace fiberproof::fuzz {

using Frame = ReferenceStack::Frame;
using State = ReferenceStack::State;

namespace bounds = run_bounds;

// Beside the store.

/// Nothing of the store changes.
void Reference::take_started(const Step& step) {
  const bool is_last = position_ == program_->steps.size();
  if (!starts_.take(step, is_last ? nullptr : &program_->steps[position_])) {
    return skip();
  }
  made_at_ = serial_;
  if (step.kind == Step::Kind::overflow) {
    return take_process_end(step);
  }
  const StartEvent& event = starts_.event();
  // The end that a body without room comes to at once is taken with its start.
  if (event.kind == StartEvent::Kind::started && event.tight && !is_last &&
      ends_body(program_->steps[position_].kind)) {
    ++position_;
  }
}

// Frames of the running stack.

std::uint32_t Reference::native_frames() const {
  const ReferenceStack& running = stacks_[running_];
  return running.frames_below + running.frame_count();
}

void Reference::take_frame(Frame::Kind kind, std::uint32_t depth) {
  if (native_frames() + depth > bounds::frames) {
    return skip();
  }
  self().frames.push_back({kind, static_cast<std::uint8_t>(depth), 0});
}

void Reference::take_back() {
  if (self().frames.empty()) {
    return skip();
  }
  if (self().frames.back().kind == Frame::Kind::destructor) {
    return end_destructor();
  }
  self().frames.pop_back();
}

void Reference::take_rethrow() {
  const auto& frames = self().frames;
  const auto handler = std::find_if(frames.rbegin(), frames.rend(), [](const Frame& frame) {
    return frame.kind == Frame::Kind::handler;
  });
  handler == frames.rend() || !may_throw(running_) ? skip() : unwind(handler->exception);
}

void Reference::take_enter(std::uint8_t store) {
  const std::uint32_t frames = native_frames() + 1;
  if (entries_ == bounds::entries || frames > bounds::frames) {
    return skip();
  }
  ++entries_;
  const StackIndex outer = running_;
  running_ = static_cast<StackIndex>(used_);
  ReferenceStack& initial = add_stack();
  initial.initial = true;
  initial.state = State::running;
  initial.store = store;
  uses_both_stores_ = uses_both_stores_ || store != 0;
  initial.outer = outer;
  initial.frames_below = frames;
  arrival_.stack = running_;
}

void Reference::take_leave() {
  running_ == 0 || !self().initial || self().destructor_count() != 0 ? skip() : close_entry();
}

/// A store moves to another thread while it has nothing entered: here the embedder's own entry is
/// closed and opened again around it.
void Reference::take_move() {
  if (running_ != 0 || !self().frames.empty()) {
    return skip();
  }
}

void Reference::close_entry() {
  ReferenceStack& initial = self();
  initial.state = State::returned;
  --entries_;
  running_ = initial.outer;
  arrival_.stack = running_;
}

// Ends.

void Reference::end(StackIndex index, State state) {
  ReferenceStack& stack = stacks_[index];
  stack.state = state;
  stack.parent = no_stack;
  stack.ended_at = serial_;
  stack.args.clear();
  stack.values.clear();
  stack.frames.clear();
  live_.erase(std::find(live_.begin(), live_.end(), index));
  --live_counts_[stack.store];
  ended_.push_back(index);
}

void Reference::end_body(bool succeeded) {
  ReferenceStack& ended = self();
  if (!succeeded || ended.reraised) {
    return end_in_trap(
        ended.latest_refusal.value_or(ExpectedTrap{ExpectedTrap::Kind::body_failed, ended.number}));
  }
  handed_over_.clear();
  for (std::uint32_t place = 0; place < program_->functions[ended.function].returns; ++place) {
    handed_over_.push_back(value_made(serial_, place));
  }
  work_ += bounds::work_for(handed_over_.size());
  const StackIndex parent = ended.parent;
  end(running_, State::returned);
  running_ = parent;
  self().state = State::running;
  arrival_ = {.kind = Arrival::Kind::returned, .stack = parent, .values = handed_over_};
}

/// A trap that is re-raised on the stack precedes the body's own reason.
void Reference::end_in_trap(const ExpectedTrap& reason) {
  const ExpectedTrap trap = self().reraised.value_or(reason);
  const StackIndex parent = self().parent;
  end(running_, State::trapped);
  running_ = parent;
  self().state = State::running;
  if (!self().initial) {
    self().reraised = trap;
  }
  arrival_ = {.kind = Arrival::Kind::trapped, .stack = parent, .trap = trap};
}

/// An exception leaves frame after frame and stack after stack until a frame catches it, or holds
/// it up.
void Reference::unwind(std::uint32_t exception) {
  for (;;) {
    auto& frames = self().frames;
    while (!frames.empty() && frames.back().kind != Frame::Kind::try_ &&
           frames.back().kind != Frame::Kind::cleanup) {
      frames.pop_back();
    }
    if (!frames.empty()) {
      const bool catches = frames.back().kind == Frame::Kind::try_;
      frames.back() = {catches ? Frame::Kind::handler : Frame::Kind::destructor, 1, exception};
      arrival_ = {.kind = catches ? Arrival::Kind::caught : Arrival::Kind::cleaning,
                  .stack = running_,
                  .exception = exception};
      return;
    }
    if (running_ == 0) {
      break;  // The embedder catches everything.
    }
    if (self().initial) {
      close_entry();
    } else if (self().reraised) {
      return end_in_trap(*self().reraised);
    } else {
      const StackIndex parent = self().parent;
      end(running_, State::trapped);
      running_ = parent;
      self().state = State::running;
    }
  }
  arrival_ = {.kind = Arrival::Kind::caught, .stack = running_, .exception = exception};
}

/// The innermost destructor of the running stack ends, with what it has called, and its exception
/// continues.
void Reference::end_destructor() {
  auto& frames = self().frames;
  while (frames.back().kind != Frame::Kind::destructor) {
    frames.pop_back();
  }
  const std::uint32_t exception = frames.back().exception;
  frames.pop_back();
  unwind(exception);
}

// Exceptions on their way.

/// Whether the running body may end without an exception: no destructor of it takes steps.
bool Reference::may_end_body() const {
  const ReferenceStack& running = stacks_[running_];
  return !running.initial && running.destructor_count() == 0;
}

/// Whether what is thrown on `index` meets no destructor that already holds another exception up.
bool Reference::may_throw(StackIndex index) const {
  for (; has_cleanups_ && index != no_stack; index = next_outward(index)) {
    const ReferenceStack& stack = stacks_[index];
    for (auto frame = stack.frames.rbegin(); frame != stack.frames.rend(); ++frame) {
      if (frame->kind == ReferenceStack::Frame::Kind::try_) {
        return true;
      }
      if (frame->kind == ReferenceStack::Frame::Kind::destructor) {
        return false;
      }
    }
    if (stack.reraised) {
      return true;  // The trap comes instead.
    }
  }
  return true;
}

/// An exception that is thrown into a chain also reaches the running stack, unless the chain
/// catches it.
bool Reference::may_throw_into(const Slot& slot) const {
  if (stacks_[slot.stack].state == State::fresh) {
    return may_throw(running_);
  }
  // Without a parent, the chain's last ancestor is where the exception would be caught.
  return may_throw(slot.stack) && may_throw(running_);
}

/// Whether no destructor of the chain holds up an exception that may then leave it for a stack
/// under `parent` that holds one up, too.
bool Reference::may_attach(const Slot& slot, StackIndex parent) const {
  if (!has_cleanups_) {
    return true;  // Chains may be long.
  }
  bool has_one = false;
  for (StackIndex index = slot.stack; index != no_stack; index = stacks_[index].parent) {
    has_one = has_one || stacks_[index].destructor_count() != 0;
  }
  return !has_one || may_throw(parent);
}

ExpectedExceptions Reference::exceptions(StackIndex index) const {
  ExpectedExceptions expected{0, std::nullopt};
  for (; index != no_stack; index = stacks_[index].initial ? stacks_[index].outer : no_stack) {
    const ReferenceStack& stack = stacks_[index];
    expected.uncaught += stack.destructor_count();
    for (auto frame = stack.frames.rbegin(); frame != stack.frames.rend() && !expected.caught;
         ++frame) {
      if (frame->kind == ReferenceStack::Frame::Kind::handler) {
        expected.caught = frame->exception;
      }
    }
  }
  return expected;
}

std::uint32_t Reference::depth() const {
  std::uint32_t depth = starts_.depth();
  for (StackIndex index = running_; !stacks_[index].initial; index = stacks_[index].parent) {
    ++depth;
  }
  return depth;
}

}  // namespace fiberproof::fuzz
