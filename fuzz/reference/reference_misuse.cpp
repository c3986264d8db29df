// The reference, part 3: what is refused, and deliberate misuse.
#include "fuzz/reference/reference.hpp"

#include "fuzz/program/form.hpp"
#include "fuzz/spec/spec_layout.hpp"

#include <optional>

namespace fiberproof::fuzz {

using State = ReferenceStack::State;

std::optional<ExpectedTrap> why_no_stack(const StackShape& shape) {
  const auto refusal = [](std::uint64_t bytes, ExpectedTrap::NoStack why) {
    return ExpectedTrap{ExpectedTrap::Kind::no_stack, bytes, static_cast<std::uint64_t>(why)};
  };
  if (shape.kind == StackShape::Kind::supplied) {
    return usable_bytes_of(shape) < spec::stack_alignment
               ? std::optional(refusal(shape.bytes, ExpectedTrap::NoStack::too_small))
               : std::nullopt;
  }
  if (!is_beyond(shape)) {
    return std::nullopt;
  }
  // Rounded up to whole pages, unless that overflows.
  const std::uint64_t pages = usable_bytes_of(shape);
  return refusal(pages == 0 ? shape.bytes : pages, ExpectedTrap::NoStack::too_large);
}

bool Reference::refused_by_reraise() {
  if (!self().reraised) {
    return false;
  }
  refuse(*self().reraised);
  return true;
}

void Reference::refuse(const ExpectedTrap& trap) {
  arrival_.kind = Arrival::Kind::refused;
  arrival_.trap = trap;
  self().latest_refusal = trap;
}

/// Whether `slot` cannot take `given` more values. The reasons are tried in the order of SPEC.md.
bool Reference::refused(const Slot& slot, std::uint64_t given) {
  if (refused_by_reraise()) {
    return true;
  }
  if (slot.stack == no_stack) {
    refuse({ExpectedTrap::Kind::null_handle});
    return true;
  }
  const ReferenceStack& stack = stacks_[slot.stack];
  if (stack.uses != slot.uses) {
    refuse({ExpectedTrap::Kind::consumed_handle});
    return true;
  }
  const bool fresh = stack.state == State::fresh;
  const std::uint64_t length = fresh ? stack.args.size() : stack.values.size();
  const std::uint64_t capacity = fresh ? stack.args_capacity : stack.values_capacity;
  if (length + given > capacity) {
    refuse({ExpectedTrap::Kind::too_many_values, given, length, capacity});
    return true;
  }
  return false;
}

ReferenceStack& Reference::consume(const Slot& slot) {
  ReferenceStack& stack = stacks_[slot.stack];
  ++stack.uses;
  return stack;
}

/// Whether the language has such continuations: what is larger is for `initialize` and `start`.
bool Reference::can_make(const Step& step) const {
  const StackShape& shape = program_->stacks[step.stack];
  const Signature& signature = program_->functions[step.function];
  return (shape.kind == StackShape::Kind::supplied || is_beyond(shape) ||
          shape.bytes <= program_bounds::made_bytes) &&
         spec::capacity_of(signature.params, signature.returns) <= program_bounds::wide_arity;
}

/// Whether the chain has the word that is to be damaged.
bool Reference::can_break(const Step& step) const {
  const bool waits = step.kind == Step::Kind::walk_suspended_broken;
  if (waits && !is_good(slots_[step.handle])) {
    return false;
  }
  const StackIndex innermost = waits ? slots_[step.handle].stack : running_;
  const ReferenceStack& stack = stacks_[innermost];
  switch (step.damage) {
    case Damage::misaligned:
    case Damage::astray:
    case Damage::cycle: return stack.state != State::fresh;
    case Damage::orphan:
    case Damage::endless: return waits ? stack.last_ancestor != innermost : !stack.initial;
    case Damage::context: return waits || !stack.initial;
    case Damage::start: return !waits;
    case Damage::inward: return !stack.initial && stack.state != State::fresh;
    // Only where a continuation resumes: the ends of a thread's own stack are not known.
    case Damage::above:
    case Damage::lowest:
    case Damage::highest: return waits || (!stack.initial && !stacks_[stack.parent].initial);
  }
  return false;
}

bool Reference::is_of_other_store(const Step& step) const {
  const bool names_handle = form_of(step.kind).has(StepField::handle);
  if (!names_handle || step.kind == Step::Kind::new_) {
    return false;
  }
  const Slot& slot = slots_[step.handle];
  return slot.stack != no_stack && stacks_[slot.stack].store != stacks_[running_].store;
}

bool Reference::has_guard_page(const ReferenceStack& stack) const {
  return !stack.initial && program_->stacks[stack.shape].kind == StackShape::Kind::mapped;
}

}  // namespace fiberproof::fuzz
