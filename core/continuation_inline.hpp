// The inline half of continuation.hpp, which includes it: each operation's own steps, in the order
// of the specification. What is rare is out of line, in continuation.cpp.
#pragma once

#include "core/continuation.hpp"

#include <algorithm>
#include <utility>

namespace fiberproof {

// Out of line.

/// Why `handle` cannot be used for `given` more values, or nothing.
[[gnu::cold]] Trap refusal(const Store& store, Handle handle, std::size_t given);
[[gnu::cold]] Trap refusal(const Store& store, const Tag& tag, UnhandledTag::Wanted wanted);

/// The active stack's child `ended` has trapped: settles it, and raises the trap here.
[[gnu::cold]] Trap settle_trap(Store& store, StackRecord& self);

/// `abandoned` does not run any more, though it has not come to its end.
void discard(Store& store, Continuation& abandoned);

/// Takes the exception that was handed to a suspended continuation, and throws it.
[[noreturn, gnu::cold]] void raise_handed_over(Store& store);

// Checks that change nothing.

inline ArgsObject& buffer_of(Continuation& continuation) {
  return continuation.state == State::fresh ? continuation.args : continuation.values;
}

inline bool can_use(const Store& store, Handle handle, std::size_t given) {
  if (store.limits.trap_handler->trap != nullptr || handle.record == nullptr ||
      handle.record->revision != handle.revision) [[unlikely]] {
    return false;
  }
  if (given == 0) {
    return true;
  }
  const ArgsObject& buffer = buffer_of(*handle.record);
  return given <= std::size_t{buffer.capacity} - buffer.length;
}

/// Where a suspension or a switch ends: the last stack that it takes along, and the clause of the
/// handler on the stack beyond.
struct Cut {
  Continuation* last = nullptr;
  std::uint32_t clause = 0;
};

template <UnhandledTag::Wanted wanted>
[[gnu::always_inline]] inline Cut find_cut(const Store& store, const Tag& tag) {
  StackRecord* stack = store.active;
  while (!stack->initial) {
    auto* const inner = static_cast<Continuation*>(stack);
    stack = inner->parent;
    if constexpr (wanted == UnhandledTag::Wanted::suspend_handler) {
      if (const auto clause = stack->handlers->suspend_clause(tag)) return {inner, *clause};
    } else {
      if (stack->handlers->has_switch_clause(tag)) return {inner, 0};
    }
  }
  return {};
}

// Steps.

inline void append(ArgsObject& buffer, std::span<const Value> values) {
  if (values.empty()) {
    return;
  }
  FIBER_CHECK(C5, values.size(), <=, std::size_t{buffer.capacity} - buffer.length);
  std::copy(values.begin(), values.end(), buffer.data + buffer.length);
  buffer.length += static_cast<std::uint32_t>(values.size());
}

/// The running stack's limits go to its record, and those of `next` take their place (C4).
inline void exchange_limits(Store& store, StackRecord& next) {
  store.active->limits = store.limits;
  store.limits = next.limits;
}

/// Mostly the continuation itself, which is predicted rather than waited for: where it goes on is
/// what everything after the switch waits for.
[[gnu::always_inline]] inline Continuation& last_ancestor_of(Continuation& continuation) {
  Continuation* last = continuation.last_ancestor;
  if (last == &continuation) [[likely]] {
    last = &continuation;
    asm("" : "+r"(last));  // Keeps the branch from becoming a conditional move.
  }
  return *last;
}

/// Links the fresh or suspended chain of `child` to `parent`, and makes it the one that runs.
inline void link(Store& store, Continuation& child, StackRecord& parent) {
  Continuation& last = last_ancestor_of(child);
  FIBER_CHECK(C3, last.parent, ==, nullptr);
  last.parent = &parent;
  exchange_limits(store, child);
  child.state = State::running;
  store.active = &child;
}

/// Cuts the active chain behind `last`: the active stack is suspended, with room for what it will
/// be resumed with. The stack that runs next is for the caller to say.
inline void cut(Continuation& self, Continuation& last, std::span<Value> room) {
  self.values = {0, static_cast<std::uint32_t>(room.size()), room.data()};
  self.last_ancestor = &last;
  self.state = State::suspended;
  last.parent = nullptr;
}

/// The active chain out to `last` is suspended, and the stack beyond, which is returned, runs.
inline StackRecord& hand_over(Store& store, Continuation& last, std::span<const Value> values,
                              std::span<Value> room) {
  StackRecord& handler = *last.parent;
  auto& self = static_cast<Continuation&>(*store.active);
  cut(self, last, room);
  store.handed_over = {values, &self};
  exchange_limits(store, handler);
  handler.state = State::running;
  store.active = &handler;
  return handler;
}

/// The stack that ran last, which has come to its end: a child of this one.
inline Continuation& ended_child(Store& store, const StackRecord& self) {
  FIBER_CHECK(C2, store.active->initial, ==, false);
  auto& ended = static_cast<Continuation&>(*store.active);
  FIBER_CHECK(C2, ended.parent, ==, &self);
  return ended;
}

/// A continuation of this stack's chain has given the control back by returning.
[[gnu::always_inline]] inline Outcome settle_return(Store& store, StackRecord& self) {
  Continuation& ended = ended_child(store, self);
  FIBER_CHECK(C5, ended.args.length, <=, ended.args.capacity);
  const std::span<const Value> results{ended.args.data, ended.args.length};
  ended.state = State::returned;
  store.active = &self;
  store.limits = self.limits;
  self.state = State::running;
  store.give_back(ended);
  return {Outcome::Kind::returned, 0, results, {}};
}

/// The active stack becomes the parent of the chain of `child`, which is running from here on.
inline void begin_child(Store& store, Continuation& child, const Handlers& handlers) {
  StackRecord& self = *store.active;
  self.handlers = &handlers;
  self.state = State::parent;
  link(store, child, self);
}

/// After a switch back to `self`, the parent: what the payload says has happened.
[[gnu::always_inline]] inline std::expected<Outcome, Trap> settle(Store& store, StackRecord& self,
                                                                  std::uint64_t payload) {
  const std::uint64_t low_word = static_cast<std::uint32_t>(payload);
  const std::uint64_t discriminant = payload - low_word;
  if (discriminant == encode({ControlEffect::Discriminant::suspend})) {
    FIBER_CHECK(C2, store.active, ==, &self);
    Continuation& suspended = *store.handed_over.suspended;
    return Outcome{Outcome::Kind::suspended,
                   static_cast<std::uint32_t>(payload),
                   store.handed_over.values,
                   {&suspended, suspended.revision}};
  }
  if (payload == encode({ControlEffect::Discriminant::return_})) [[likely]] {
    return settle_return(store, self);
  }
  FIBER_CHECK(T5, payload, ==, encode({ControlEffect::Discriminant::trap}));
  return std::unexpected(settle_trap(store, self));
}

/// Runs the chain of `child` as a child of the active stack, until control comes back.
[[gnu::always_inline]] inline std::expected<Outcome, Trap> run_chain(Store& store,
                                                                     Continuation& child,
                                                                     ControlEffect effect,
                                                                     const Handlers& handlers) {
  StackRecord& self = *store.active;
  ControlContext* const context = last_ancestor_of(child).control_context;
  begin_child(store, child, handlers);
  return settle(store, self, transfer(store, self, child, context, context, encode(effect)));
}

/// After a switch away from a suspended stack: it was resumed, in one of two ways.
inline std::span<const Value> received(Store& store, const Continuation& self,
                                       std::uint64_t payload) {
  if (payload == encode({ControlEffect::Discriminant::resume_throw})) [[unlikely]] {
    raise_handed_over(store);
  }
  FIBER_CHECK(S3, payload & ~encode({ControlEffect::Discriminant::switch_}), ==, 0u);
  return {self.values.data, self.values.length};
}

// The operations.

[[gnu::always_inline]] inline std::expected<Outcome, Trap> resume(Store& store, Handle handle,
                                                                  std::span<const Value> values,
                                                                  const Handlers& handlers) {
  if (!can_use(store, handle, values.size())) [[unlikely]] {
    return std::unexpected(refusal(store, handle, values.size()));
  }
  Continuation& child = *handle.record;
  ++child.revision;
  append(buffer_of(child), values);
  return run_chain(store, child, {ControlEffect::Discriminant::resume}, handlers);
}

[[gnu::always_inline]] inline std::expected<Outcome, Trap> resume_throw(
    Store& store, Handle handle, std::exception_ptr exception, const Handlers& handlers) {
  if (!can_use(store, handle, 0)) [[unlikely]] {
    return std::unexpected(refusal(store, handle, 0));
  }
  FIBER_CHECK(F3, exception == nullptr, ==, false);
  Continuation& child = *handle.record;
  ++child.revision;
  store.raised = std::move(exception);
  if (child.state == State::fresh) {
    discard(store, child);
    raise_handed_over(store);
  }
  return run_chain(store, child, {ControlEffect::Discriminant::resume_throw}, handlers);
}

[[gnu::always_inline]] inline std::expected<std::span<const Value>, Trap> suspend(
    Store& store, const Tag& tag, std::span<const Value> values, std::span<Value> room) {
  const Cut found = store.limits.trap_handler->trap != nullptr
                        ? Cut{}
                        : find_cut<UnhandledTag::Wanted::suspend_handler>(store, tag);
  if (found.last == nullptr) [[unlikely]] {
    return std::unexpected(refusal(store, tag, UnhandledTag::Wanted::suspend_handler));
  }
  auto& self = static_cast<Continuation&>(*store.active);
  StackRecord& handler = hand_over(store, *found.last, values, room);
  ControlContext* const context = found.last->control_context;
  const std::uint64_t payload =
      transfer(store, self, handler, context, context,
               encode({ControlEffect::Discriminant::suspend, found.clause}));
  return received(store, self, payload);
}

[[gnu::always_inline]] inline std::expected<std::span<const Value>, Trap> switch_to(
    Store& store, Handle handle, const Tag& tag, std::span<const Value> values,
    std::span<Value> room) {
  if (!can_use(store, handle, values.size() + 1)) [[unlikely]] {
    return std::unexpected(refusal(store, handle, values.size() + 1));
  }
  const Cut found = find_cut<UnhandledTag::Wanted::switch_handler>(store, tag);
  if (found.last == nullptr) [[unlikely]] {
    return std::unexpected(refusal(store, tag, UnhandledTag::Wanted::switch_handler));
  }
  auto& self = static_cast<Continuation&>(*store.active);
  Continuation& next = *handle.record;
  StackRecord& handler = *found.last->parent;
  ++next.revision;
  cut(self, *found.last, room);
  const Value suspended = to_value({&self, self.revision});
  append(buffer_of(next), values);
  append(buffer_of(next), {&suspended, 1});

  // The context of next's last ancestor says where next goes on; from now on it must say where the
  // handler's stack does, which the context at the end of the cut chain knows. That one is then
  // free to keep where this stack goes on.
  ControlContext target;
  copy_context(*next.last_ancestor->control_context, target);
  copy_context(*found.last->control_context, *next.last_ancestor->control_context);
  link(store, next, handler);
  const std::uint64_t payload = transfer(store, self, next, found.last->control_context, &target,
                                         encode({ControlEffect::Discriminant::switch_}));
  return received(store, self, payload);
}

}  // namespace fiberproof
