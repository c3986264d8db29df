#include "core/continuation.hpp"

#include "core/check.hpp"
#include "core/sanitizer.hpp"
#include "core/switch.hpp"

#include <optional>

namespace fiberproof {
namespace {

using Effect = ControlEffect::Discriminant;

// The switches between a parent and its child go both ways through the child's control context: it
// is loaded and stored by the same instruction sequence (S1). Not inlined, so that the clobbered
// registers cost these frames and not their callers'.
[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED std::uint64_t switch_to_child(Continuation& child) {
  ControlContext& context = child.control_context();
  sanitizer_leave_for_child(child.stack->sanitizer());
  const std::uint64_t payload = stack_switch(&context, &context, encode({Effect::resume}));
  sanitizer_arrive();
  return payload;
}

[[gnu::noinline]] FIBERPROOF_UNINSTRUMENTED std::uint64_t switch_to_parent(Continuation& self,
                                                                           std::uint64_t payload) {
  ControlContext& context = self.control_context();
  sanitizer_leave_for_parent();
  payload = stack_switch(&context, &context, payload);
  sanitizer_arrive();
  return payload;
}

State state_after(ControlEffect effect) {
  switch (effect.discriminant) {
    case Effect::return_: return State::returned;
    case Effect::suspend: return State::suspended;
    default: FIBER_CHECK(T5, effect.discriminant, ==, Effect::trap); return State::trapped;
  }
}

}  // namespace

std::expected<void, StackTooSmall> cont_new(Continuation& made, Stack& stack, Store& store,
                                            const FuncRef& func_ref, std::uint32_t parameter_count,
                                            std::uint32_t return_value_count, Revision revision) {
  made.state = State::trapped;
  made.args = {};
  const auto laid_out = initialize(stack.bounds(),
                                   {.start_routine = start_routine(revision),
                                    .func_ref = &func_ref,
                                    .caller_vmctx = &store,
                                    .parameter_count = parameter_count,
                                    .return_value_count = return_value_count},
                                   made.args);
  if (laid_out.has_value()) {
    made.stack = &stack;
    made.store = &store;
    made.state = State::fresh;
  }
  return laid_out;
}

std::expected<ControlEffect, NotResumable> resume(Continuation& child) {
  if (child.state != State::fresh && child.state != State::suspended) {
    return std::unexpected(NotResumable{child.state});
  }
  child.state = State::running;
  const std::uint64_t payload = switch_to_child(child);
  const std::optional<ControlEffect> effect = decode(payload);
  FIBER_CHECK(E1, effect.has_value(), ==, true);
  child.state = state_after(*effect);
  return *effect;
}

void suspend(Continuation& self, std::uint32_t handler_index) {
  FIBER_CHECK(S5, self.state, ==, State::running);
  const std::uint64_t payload = switch_to_parent(self, encode({Effect::suspend, handler_index}));
  FIBER_CHECK(E1, payload, ==, encode({Effect::resume}));
}

}  // namespace fiberproof
