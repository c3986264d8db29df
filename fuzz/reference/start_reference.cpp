#include "fuzz/reference/start_reference.hpp"

#include "fuzz/spec/spec_layout.hpp"

namespace fiberproof::fuzz {
namespace {

using Kind = Step::Kind;

bool can_be_had(const StackShape& shape, std::uint64_t mapped_bytes_max) {
  return shape.kind == StackShape::Kind::mapped ? shape.bytes <= mapped_bytes_max
                                                : usable_bytes_of(shape) >= spec::stack_alignment;
}

}  // namespace

void StartReference::begin(const Program& program) {
  program_ = &program;
  nested_.clear();
  started_ = 0;
  made_ = 0;
  values_ = 0;
}

bool StartReference::take(const Step& step, const Step* next) {
  switch (step.kind) {
    case Kind::initialize: return initialize(step);
    case Kind::start: return start(step, next);
    case Kind::yield:
    case Kind::yield_apart:
      if (nested_.empty()) {
        return false;
      }
      event_ = {.kind = StartEvent::Kind::suspended,
                .continuation = nested_.back().number,
                .handler_index = step.index};
      return true;
    case Kind::return_:
    case Kind::trap:
    case Kind::throw_: return end(step.kind), true;
    // Only a mapped stack has a guard page to run into.
    case Kind::overflow: return nested_.back().is_mapped;
    default: return false;
  }
}

/// What laying out `step` gives, as an event of kind laid_out or refused.
StartEvent StartReference::layout(const Step& step) const {
  const Signature& function = program_->functions[step.function];
  StartEvent event{.kind = StartEvent::Kind::laid_out};
  event.capacity = spec::capacity_of(function.params, function.returns);
  event.usable_bytes = usable_bytes_of(program_->stacks[step.stack]);
  event.required_bytes = spec::required_bytes(event.capacity);
  if (event.required_bytes > event.usable_bytes) {
    event.kind = StartEvent::Kind::refused;
  }
  return event;
}

bool StartReference::initialize(const Step& step) {
  if (!can_be_had(program_->stacks[step.stack], program_bounds::pooled_bytes)) {
    return false;
  }
  event_ = layout(step);
  return true;
}

bool StartReference::start(const Step& step, const Step* next) {
  const StackShape& shape = program_->stacks[step.stack];
  StartEvent event = layout(step);
  const bool is_refused = event.kind == StartEvent::Kind::refused;
  if (!can_be_had(shape, program_bounds::started_bytes) || depth() == start_bounds::depth ||
      started_ == start_bounds::started ||
      (!is_refused && event.capacity > start_bounds::values - values_)) {
    return false;
  }
  ++started_;
  if (!is_refused) {
    values_ += event.capacity;
    const std::uint64_t room = event.usable_bytes - (event.required_bytes - spec::headroom_bytes);
    event.kind = StartEvent::Kind::started;
    event.tight = room < start_bounds::room_for_steps;
    event.end = next != nullptr && ends_body(next->kind) ? next->kind : Kind::return_;
    event.continuation = started_;
    nested_.push_back({started_, ++made_, step.function, event.tight,
                       shape.kind == StackShape::Kind::mapped, event.end, event.usable_bytes});
  }
  event_ = event;
  return true;
}

void StartReference::end_innermost() {
  end(nested_.back().tight ? nested_.back().end : Kind::return_);
}

void StartReference::end(Step::Kind how) {
  const Started ended = nested_.back();
  const Signature& function = program_->functions[ended.function];
  nested_.pop_back();
  const bool v44 = program_->trampoline == Trampoline::v44;
  const bool succeeded = how == Kind::return_;
  event_ = {.kind = succeeded || v44 ? StartEvent::Kind::returned : StartEvent::Kind::trapped,
            .misreported = v44 && !succeeded,
            .threw = how == Kind::throw_ && !ended.tight,
            .continuation = ended.number};
  event_.length = event_.kind == StartEvent::Kind::returned ? function.returns : function.params;
}

}  // namespace fiberproof::fuzz
