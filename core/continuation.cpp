#include "core/continuation.hpp"

#include "core/initialize.hpp"
#include "core/layout_protection.hpp"

#include <utility>

namespace fiberproof {
namespace {

/// A trap that is being re-raised on the active stack comes before any other.
const std::optional<Trap>& reraised(const Store& store) {
  return store.limits.trap_handler->trap;
}

void give_stack_back(Store& store, Continuation& record) {
  Stack* const stack = std::exchange(record.stack, nullptr);
  record.control_context = nullptr;
  if (stack->is_lent()) {
    store.stacks().release(*stack);
  }
}

/// Lays `function` out on `stack`, which is of this record from now on.
std::expected<Handle, Trap> launch(Store& store, const Function& function, Stack& stack) {
  Continuation& made = store.take_record();
  const StackBounds bounds = stack.bounds();
  made.args = {};
  const auto laid_out = initialize(bounds,
                                   {.start_routine = start_routine(store.options.revision),
                                    .func_ref = &function,
                                    .caller_vmctx = &store,
                                    .parameter_count = function.parameter_count,
                                    .return_value_count = function.return_value_count},
                                   made.args);
  sanitizer_written(&laid_out, sizeof laid_out);
  made.stack = &stack;
  if (!laid_out) {
    give_stack_back(store, made);
    store.give_back(made);
    return std::unexpected(laid_out.error());
  }
  sanitizer_written(&made.args, sizeof made.args);
  protect_layout(stack.sanitizer(), bounds.top, made.args.capacity);
  made.control_context =
      reinterpret_cast<ControlContext*>(bounds.top - control_context_bytes_below_top);
  made.state = State::fresh;
  made.limits = {bounds.limit(), 0, 0, &made.trap_handler};
  made.handlers = {};
  made.trap_handler.trap.reset();
  made.exceptions = {};
  made.sanitizer = &stack.sanitizer();
  made.parent = nullptr;
  made.last_ancestor = &made;
  made.values = {};
  return Handle{&made, made.revision};
}

}  // namespace

std::expected<Handle, Trap> cont_new(Store& store, const Function* function,
                                     std::uint64_t stack_bytes) {
  FIBER_CHECK(C2, store.active, !=, nullptr);
  if (reraised(store)) [[unlikely]] {
    return std::unexpected(*reraised(store));
  }
  if (function == nullptr) {
    return std::unexpected(NullFunction{});
  }
  const auto stack =
      store.stacks().acquire(stack_bytes == 0 ? store.options.stack_bytes : stack_bytes);
  if (!stack) {
    return std::unexpected(stack.error());
  }
  return launch(store, *function, **stack);
}

std::expected<Handle, Trap> cont_new(Store& store, const Function* function, Stack& stack) {
  FIBER_CHECK(C2, store.active, !=, nullptr);
  if (reraised(store)) {
    return std::unexpected(*reraised(store));
  }
  if (function == nullptr) {
    return std::unexpected(NullFunction{});
  }
  return launch(store, *function, stack);
}

std::expected<Handle, Trap> cont_bind(Store& store, Handle handle, std::span<const Value> values) {
  if (!can_use(store, handle, values.size())) {
    return std::unexpected(refusal(store, handle, values.size()));
  }
  append(buffer_of(*handle.record), values);
  return Handle{handle.record, ++handle.record->revision};
}

std::expected<void, Trap> abandon(Store& store, Handle handle) {
  if (!can_use(store, handle, 0)) {
    return std::unexpected(refusal(store, handle, 0));
  }
  ++handle.record->revision;
  const Continuation* const last = handle.record->last_ancestor;
  for (Continuation* next = handle.record; next != nullptr;) {
    Continuation& gone = *next;
    next = &gone == last ? nullptr : static_cast<Continuation*>(gone.parent);
    discard(store, gone);
  }
  return {};
}

Trap refusal(const Store& store, Handle handle, std::size_t given) {
  if (reraised(store)) {
    return *reraised(store);
  }
  if (handle.record == nullptr) {
    return NullHandle{};
  }
  if (handle.record->revision != handle.revision) {
    return ConsumedHandle{handle.record->id, handle.revision, handle.record->revision};
  }
  const ArgsObject& buffer = buffer_of(*handle.record);
  return TooManyValues{given, buffer.length, buffer.capacity};
}

Trap refusal(const Store& store, const Tag& tag, UnhandledTag::Wanted wanted) {
  if (reraised(store)) {
    return *reraised(store);
  }
  return UnhandledTag{&tag, wanted};
}

Trap settle_trap(Store& store, StackRecord& self) {
  Continuation& ended = ended_child(store, self);
  const std::exception_ptr raised = std::exchange(store.raised, nullptr);
  const Trap trap = std::exchange(store.trap, std::nullopt).value_or(BodyFailed{ended.id});
  ended.state = State::trapped;
  ended.args = {};
  ended.values = {};
  store.active = &self;
  store.limits = self.limits;
  self.state = State::running;
  release(store, ended);
  if (raised != nullptr) {
    std::rethrow_exception(raised);
  }
  if (!self.initial) {
    store.limits.trap_handler->trap = trap;
  }
  return trap;
}

void release(Store& store, Continuation& ended) {
  ended.parent = nullptr;
  give_stack_back(store, ended);
  store.give_back(ended);
}

void discard(Store& store, Continuation& abandoned) {
  if (abandoned.exceptions.caught != nullptr) {
    release_caught_exceptions(abandoned.exceptions, thread_exception_state());
  }
  sanitizer_abandon(abandoned.stack->sanitizer());
  abandoned.state = State::trapped;
  abandoned.args = {};
  abandoned.values = {};
  abandoned.last_ancestor = nullptr;
  release(store, abandoned);
}

void raise_handed_over(Store& store) {
  std::rethrow_exception(std::exchange(store.raised, nullptr));
}

}  // namespace fiberproof
