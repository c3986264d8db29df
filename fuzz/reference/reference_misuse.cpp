// The reference, part 3: rejected stacks and deliberate misuse.
#include "fuzz/reference/reference.hpp"

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

/// Whether the language has such continuations: what is larger is for `initialize` and `start`.
bool Reference::can_make(const Step& step) const {
  const StackShape& shape = program_->stacks[step.stack];
  const Signature& signature = program_->functions[step.function];
  return (shape.kind == StackShape::Kind::supplied || is_beyond(shape) ||
          shape.bytes <= program_bounds::made_bytes) &&
         spec::capacity_of(signature.params, signature.returns) <= program_bounds::arity;
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

bool Reference::has_guard_page(const ReferenceStack& stack) const {
  return !stack.initial && program_->stacks[stack.shape].kind == StackShape::Kind::mapped;
}

/// Whether a handle named a continuation on the active chain that was resumed by itself. It is its
/// own last ancestor then, so that a check of core compares its parent (C3).
bool Reference::runs_by_itself(const Slot& slot) const {
  StackIndex index = stacks_[running_].reraised ? no_stack : running_;
  while (index != no_stack && index != slot.stack) {
    index = stacks_[index].parent;
  }
  return index != no_stack && stacks_[index].last_ancestor == index;
}

}  // namespace fiberproof::fuzz
