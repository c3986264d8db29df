#include "core/continuation.hpp"

#include "core/foreign_exception.hpp"
#include "core/initialize.hpp"
#include "core/layout_protection.hpp"
#include "core/sanitizer.hpp"

#include <utility>

namespace fiberproof {
namespace {

/// The trap that is being raised again on the active stack, which comes before any other; or null.
const Trap* reraised(const Store& store) {
  return store.limits.trap_handler->trap;
}

/// Ends a continuation that trapped or was abandoned.
void end(Store& store, Continuation& record) {
  record.state = State::trapped;
  record.args = {};
  record.values = {};
  store.give_back(record);
}

Trap refusal_of_null(const Store& store) {
  FIBER_CHECK(C2, store.active, !=, nullptr);
  return reraised(store) ? *reraised(store) : Trap(NullFunction{});
}

/// Lays `function` out on the stack of `made`.
[[nodiscard]] std::expected<Handle, Trap> launch(Store& store, const Function& function,
                                                 Continuation& made) {
  const StackBounds bounds = made.stack->bounds();
  made.args = {};
  sanitizer_lay_out(*made.sanitizer);
  const auto laid_out = initialize(bounds,
                                   {.start_routine = start_routine(store.options.trampoline),
                                    .func_ref = &function,
                                    .caller_vmctx = &store,
                                    .parameter_count = function.parameter_count,
                                    .return_value_count = function.return_value_count},
                                   made.args);
  sanitizer_written(&laid_out, sizeof laid_out);
  if (!laid_out) [[unlikely]] {
    store.give_back(made);
    return std::unexpected(laid_out.error());
  }
  sanitizer_written(&made.args, sizeof made.args);
  protect_layout(*made.sanitizer, bounds.top, made.args.capacity);
  made.state = State::fresh;
  made.id = store.next_id();
  made.last_ancestor = &made;
  made.trap_handler.trap = nullptr;
  made.limits.entry_frame_pointer = 0;
  made.limits.entry_stack_pointer = 0;
  return Handle{&made, made.revision};
}

}  // namespace

std::expected<Handle, Trap> cont_new(Store& store, const Function* function,
                                     std::uint64_t stack_bytes) {
  if (function == nullptr || reraised(store)) [[unlikely]] {
    return std::unexpected(refusal_of_null(store));
  }
  if (stack_bytes == 0) {
    stack_bytes = store.options.stack_bytes;
  }
  const auto made = store.take(round_up_to_pages(stack_bytes));
  if (!made) [[unlikely]] {
    return std::unexpected(made.error());
  }
  return launch(store, *function, **made);
}

std::expected<Handle, Trap> cont_new(Store& store, const Function* function, Stack& stack) {
  if (function == nullptr || reraised(store)) [[unlikely]] {
    return std::unexpected(refusal_of_null(store));
  }
  return launch(store, *function, store.take(stack));
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
  FIBER_CHECK(C2, store.active, !=, nullptr);
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
  FIBER_CHECK(C2, store.active, !=, nullptr);
  if (reraised(store)) {
    return *reraised(store);
  }
  return UnhandledTag{&tag, wanted};
}

Trap settle_trap(Store& store, StackRecord& self) {
  Continuation& ended = ended_child(store, self);
  const std::exception_ptr raised = std::exchange(store.raised, nullptr);
  const Trap trap = std::exchange(store.trap, std::nullopt).value_or(BodyFailed{ended.id});
  store.active = &self;
  store.limits = self.limits;
  self.state = State::running;
  const bool is_foreign = !store.foreign.is_empty();
  if (is_foreign) {
    sanitizer_abandon(*ended.sanitizer);  // Its frames are gone, and no annotation has said so yet.
  }
  end(store, ended);
  if (is_foreign) {
    raise_foreign_exception(store);
  }
  if (raised != nullptr) {
    std::rethrow_exception(raised);
  }
  if (!self.initial) {
    auto& parent = static_cast<Continuation&>(self);
    parent.reraised = trap;
    store.limits.trap_handler->trap = &parent.reraised;
  }
  return trap;
}

void discard(Store& store, Continuation& abandoned) {
  if (!abandoned.exceptions.is_empty()) {
    release_caught_exceptions(abandoned.exceptions, thread_exception_state());
  }
  sanitizer_abandon(*abandoned.sanitizer);
  end(store, abandoned);
}

void raise_handed_over(Store& store) {
  std::rethrow_exception(std::exchange(store.raised, nullptr));
}

}  // namespace fiberproof
