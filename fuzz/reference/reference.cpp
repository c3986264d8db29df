#include "fuzz/reference/reference.hpp"

#include "fuzz/spec/spec_layout.hpp"

#include <algorithm>

namespace fiberproof::fuzz {

using Frame = ReferenceStack::Frame;
using State = ReferenceStack::State;

namespace bounds = run_bounds;

std::uint32_t ReferenceStack::frame_count() const {
  std::uint32_t count = 0;
  for (const Frame& frame : frames) {
    count += frame.depth;
  }
  return count;
}

std::uint32_t ReferenceStack::destructor_count() const {
  return static_cast<std::uint32_t>(
      std::count_if(frames.begin(), frames.end(),
                    [](const Frame& frame) { return frame.kind == Frame::Kind::destructor; }));
}

void Reference::begin(const Program& program) {
  program_ = &program;
  starts_.begin(program);
  used_ = 0;
  live_.clear();
  ended_.clear();
  slots_.fill({});
  repeating_.fill(false);
  arrival_ = {};
  process_end_.reset();
  serial_ = 0;
  made_at_ = 0;
  live_counts_ = {};
  numbers_ = {};
  uses_both_stores_ = false;
  has_cleanups_ = false;
  entries_ = 1;
  work_ = 0;
  position_ = 0;
  running_ = 0;
  ReferenceStack& embedder = add_stack();
  embedder.initial = true;
  embedder.state = State::running;
}

ReferenceStack& Reference::add_stack() {
  if (used_ == stacks_.size()) {
    stacks_.emplace_back();
  }
  ReferenceStack& stack = stacks_[used_++];
  stack.state = State::fresh;
  stack.initial = false;
  stack.store = 0;
  stack.number = 0;
  stack.parent = no_stack;
  stack.last_ancestor = no_stack;
  stack.outer = no_stack;
  stack.uses = 0;
  stack.args_capacity = 0;
  stack.values_capacity = 0;
  stack.ended_at = 0;
  stack.frames_below = 0;
  stack.resume = nullptr;
  stack.args.clear();
  stack.values.clear();
  stack.frames.clear();
  stack.reraised.reset();
  stack.latest_refusal.reset();
  return stack;
}

// The next step.

const Step* Reference::next() {
  for (;;) {
    if (position_ == program_->steps.size() || ++work_ > bounds::work) {
      return nullptr;
    }
    const Step& step = program_->steps[position_];
    if (step.kind != Step::Kind::repeat) {
      ++position_;
      return step_ = &step;
    }
    // No stack takes a repeat: it only decides which step is next. Its count starts again each time
    // it is reached from before, so that repeats can be repeated.
    std::uint16_t& left = repeats_left_[position_];
    if (!repeating_[position_]) {
      left = step.count;
    }
    repeating_[position_] = left > 0;
    if (left > 0) {
      --left;
      position_ -= step.length;
    } else {
      ++position_;
    }
  }
}

void Reference::take() {
  const Step& step = *step_;
  ++serial_;
  skipped_ = false;
  ended_.clear();
  arrival_ = {.stack = running_};
  if (starts_.depth() > 0) {
    return take_started(step);
  }
  if (uses_both_stores_ && is_of_other_store(step)) {
    return skip();
  }
  switch (step.kind) {
    case Step::Kind::new_: return take_new(step);
    case Step::Kind::bind: return take_bind(step);
    case Step::Kind::resume: return take_resume(step);
    case Step::Kind::throw_into: return take_throw_into(step);
    case Step::Kind::suspend: return take_suspend(step);
    case Step::Kind::switch_: return take_switch(step);
    case Step::Kind::return_: return may_end_body() ? end_body(true) : skip();
    case Step::Kind::trap: return may_end_body() ? end_body(false) : skip();
    case Step::Kind::throw_: return may_throw(running_) ? unwind(serial_) : skip();
    case Step::Kind::rethrow: return take_rethrow();
    case Step::Kind::drop: return take_drop(step);
    case Step::Kind::call: return take_frame(Frame::Kind::call, step.count);
    case Step::Kind::try_: return take_frame(Frame::Kind::try_, 1);
    case Step::Kind::back: return take_back();
    case Step::Kind::enter: return take_enter(self().store);
    case Step::Kind::enter_other: return take_enter(1 - self().store);
    case Step::Kind::leave: return take_leave();
    case Step::Kind::walk: return;
    case Step::Kind::walk_suspended: return;
    case Step::Kind::overrun: return has_guard_page(self()) ? void() : skip();
    case Step::Kind::repeat: return;
    case Step::Kind::walk_broken:
    case Step::Kind::walk_suspended_broken: return can_break(step) ? void() : skip();
    case Step::Kind::resume_again:
    case Step::Kind::trespass:
    case Step::Kind::overflow: return take_process_end(step);
    case Step::Kind::initialize:
    case Step::Kind::start: return take_started(step);
    case Step::Kind::yield:
    case Step::Kind::yield_apart: return skip();
    case Step::Kind::collect: return;  // Only an engine has something to collect.
    case Step::Kind::cleanup: has_cleanups_ = true; return take_frame(Frame::Kind::cleanup, 1);
    case Step::Kind::move: return take_move();
  }
}

void Reference::end_of_steps() {
  ++serial_;
  skipped_ = false;
  ended_.clear();
  arrival_ = {.stack = running_};
  if (starts_.depth() > 0) {
    return starts_.end_innermost();
  }
  if (self().destructor_count() != 0) {
    return end_destructor();
  }
  self().initial ? close_entry() : end_body(true);
}

void Reference::skip() {
  skipped_ = true;
}

// Handles.

void Reference::put(std::uint8_t to, StackIndex stack) {
  slots_[to] = {stack, stacks_[stack].uses};
  arrival_.to = to;
  arrival_.handle = stack;
}

void Reference::append(ReferenceStack& stack, std::uint32_t serial, std::uint32_t count) {
  std::vector<PlainValue>& buffer = stack.state == State::fresh ? stack.args : stack.values;
  for (std::uint32_t place = 0; place < count; ++place) {
    buffer.push_back(value_made(serial, place));
  }
}

// The operations.

void Reference::take_new(const Step& step) {
  const StackShape& shape = program_->stacks[step.stack];
  const std::optional<ExpectedTrap> unavailable = why_no_stack(shape);
  if (unavailable && shape.kind == StackShape::Kind::supplied) {
    return refuse(*unavailable);  // There is no stack to call cont_new with.
  }
  if (refused_by_reraise()) {
    return;
  }
  if (step.function == Step::null_function) {
    return refuse({ExpectedTrap::Kind::null_function});
  }
  if (live_.size() >= bounds::live || numbers_[0] + numbers_[1] >= bounds::made ||
      !can_make(step)) {
    return skip();
  }
  if (unavailable) {
    return refuse(*unavailable);
  }
  const Signature& signature = program_->functions[step.function];
  const std::uint32_t capacity = spec::capacity_of(signature.params, signature.returns);
  const std::uint64_t usable = usable_bytes_of(shape);
  if (spec::required_bytes(capacity) > usable) {
    return refuse({ExpectedTrap::Kind::stack_too_small, spec::required_bytes(capacity), usable});
  }
  const auto index = static_cast<StackIndex>(used_);
  ReferenceStack& made = add_stack();
  made.function = step.function;
  made.shape = step.stack;
  work_ += bounds::work_for_buffer(capacity);
  made.store = self().store;
  made.number = ++numbers_[made.store];
  made.last_ancestor = index;
  made.args_capacity = capacity;
  made.usable_bytes = usable;
  made_at_ = serial_;
  live_.push_back(index);
  ++live_counts_[made.store];
  arrival_.kind = Arrival::Kind::made;
  put(step.handle, index);
}

void Reference::take_bind(const Step& step) {
  const Slot slot = slots_[step.handle];
  if (refused(slot, step.values)) {
    return;
  }
  work_ += bounds::work_for(step.values);
  append(consume(slot), serial_, step.values);
  arrival_.kind = Arrival::Kind::made;
  put(step.to, slot.stack);
}

void Reference::take_resume(const Step& step) {
  const Slot slot = slots_[step.handle];
  if (refused(slot, step.values)) {
    return;
  }
  if (!may_attach(slot, running_)) {
    return skip();
  }
  work_ += bounds::work_for(step.values);
  ReferenceStack& child = consume(slot);
  append(child, serial_, step.values);
  const bool fresh = child.state == State::fresh;
  run_child(slot.stack, step);
  arrive_in(slot.stack, fresh);
}

void Reference::take_throw_into(const Step& step) {
  const Slot slot = slots_[step.handle];
  if (refused(slot, 0)) {
    return;
  }
  if (!may_throw_into(slot)) {
    return skip();
  }
  if (consume(slot).state == State::fresh) {
    end(slot.stack, State::trapped);
  } else {
    run_child(slot.stack, step);
  }
  unwind(serial_);
}

void Reference::take_suspend(const Step& step) {
  if (refused_by_reraise()) {
    return;
  }
  StackIndex inner = running_;
  for (; !stacks_[inner].initial; inner = stacks_[inner].parent) {
    const StackIndex handler = stacks_[inner].parent;
    const auto& clauses = stacks_[handler].resume->suspends;
    const auto* const clause = std::find(clauses.begin(), clauses.end(), step.tag);
    if (clause == clauses.end()) {
      continue;
    }
    const StackIndex suspended = cut(inner, step.room);
    work_ += step.values > program_bounds::usual_values_across ? step.values : 0;
    handed_over_.clear();
    for (std::uint32_t place = 0; place < step.values; ++place) {
      handed_over_.push_back(value_made(serial_, place));
    }
    running_ = handler;
    stacks_[handler].state = State::running;
    arrival_ = {.kind = Arrival::Kind::suspended,
                .stack = handler,
                .clause = stacks_[handler].resume->before +
                          static_cast<std::uint32_t>(clause - clauses.begin()),
                .values = handed_over_};
    return put(stacks_[handler].resume->to, suspended);
  }
  refuse({ExpectedTrap::Kind::unhandled_suspend, step.tag});
}

void Reference::take_switch(const Step& step) {
  const Slot slot = slots_[step.handle];
  if (refused(slot, step.values + 1u)) {
    return;
  }
  StackIndex inner = running_;
  for (; !stacks_[inner].initial; inner = stacks_[inner].parent) {
    const StackIndex handler = stacks_[inner].parent;
    const auto& clauses = stacks_[handler].resume->switches;
    if (std::find(clauses.begin(), clauses.end(), step.tag) == clauses.end()) {
      continue;
    }
    if (!may_attach(slot, handler)) {
      return skip();
    }
    ReferenceStack& next = consume(slot);
    append(next, serial_, step.values);
    const bool fresh = next.state == State::fresh;
    const StackIndex suspended = cut(inner, step.room);
    stacks_[next.last_ancestor].parent = handler;
    next.state = State::running;
    arrive_in(slot.stack, fresh);
    return put(step.to, suspended);
  }
  refuse({ExpectedTrap::Kind::unhandled_switch, step.tag});
}

void Reference::take_drop(const Step& step) {
  const Slot slot = slots_[step.handle];
  if (refused(slot, 0)) {
    return;
  }
  consume(slot);
  for (StackIndex next = slot.stack; next != no_stack;) {
    const StackIndex gone = next;
    next = stacks_[gone].parent;
    end(gone, State::trapped);
  }
}

/// The active stack becomes the parent of `child`'s chain, which runs.
void Reference::run_child(StackIndex child, const Step& step) {
  self().resume = &step;
  self().state = State::parent;
  stacks_[stacks_[child].last_ancestor].parent = running_;
  stacks_[child].state = State::running;
  running_ = child;
}

void Reference::arrive_in(StackIndex index, bool fresh) {
  ReferenceStack& stack = stacks_[index];
  running_ = index;
  arrival_ = {.kind = fresh ? Arrival::Kind::started : Arrival::Kind::resumed,
              .stack = index,
              .values = fresh ? stack.args : stack.values};
  arrival_.tight = fresh && stack.usable_bytes - (spec::return_count_below +
                                                  spec::buffer_bytes(stack.args_capacity)) <
                                bounds::room_for_steps;
}

/// Suspends the chain from the running stack out to `last`.
StackIndex Reference::cut(StackIndex last, std::uint32_t room) {
  ReferenceStack& suspended = self();
  suspended.state = State::suspended;
  suspended.last_ancestor = last;
  suspended.values.clear();
  suspended.values_capacity = room;
  work_ += room > program_bounds::usual_values_across ? room : 0;
  stacks_[last].parent = no_stack;
  return running_;
}

}  // namespace fiberproof::fuzz
