// The inline half of continuation.hpp, which includes it: the steps of each operation, in the order
// of the specification. Rare paths are out of line, in continuation.cpp.
#pragma once

#include "core/continuation.hpp"

#include <algorithm>
#include <utility>

namespace fiberproof {

// Out of line.

/// Why `handle` cannot be used for `given` more values, or nothing.
[[gnu::cold]] Trap refusal(const Store& store, Handle handle, std::size_t given);
[[gnu::cold]] Trap refusal(const Store& store, const Tag& tag, UnhandledTag::Wanted wanted);

/// The active stack's child has trapped: settles it, and raises the trap here.
[[gnu::cold]] Trap settle_trap(Store& store, StackRecord& self);

/// Ends `abandoned`, which will not run any more although its body has not returned.
void discard(Store& store, Continuation& abandoned);

/// Takes the exception that was handed to a suspended continuation and throws it.
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

/// Where a suspension or a switch cuts the chain: the outermost stack that it takes along, and the
/// clause of the handler on the stack beyond.
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

/// Saves the running stack's limits in its record, and loads those of `next` (C4).
inline void exchange_limits(Store& store, StackRecord& next) {
  store.active->limits = store.limits;
  store.limits = next.limits;
}

/// Mostly the continuation itself. That is predicted and not waited for, because everything after
/// the switch depends on the address that it resumes at.
[[gnu::always_inline]] inline Continuation& last_ancestor_of(Continuation& continuation) {
  Continuation* last = continuation.last_ancestor;
  if (last == &continuation) [[likely]] {
    last = &continuation;
    asm("" : "+r"(last));  // Keeps the branch from becoming a conditional move.
  }
  return *last;
}

/// Links the fresh or suspended chain of `child` to `parent`, and makes it the active one.
inline void link(Store& store, Continuation& child, StackRecord& parent) {
  Continuation& last = last_ancestor_of(child);
  FIBER_CHECK(C3, last.parent, ==, nullptr);
  last.parent = &parent;
  exchange_limits(store, child);
  child.state = State::running;
  store.active = &child;
}

/// Cuts the active chain behind `last`: the active stack is suspended, with `room` for the values
/// that it will be resumed with. The caller chooses the stack that runs next.
inline void cut(Continuation& self, Continuation& last, std::span<Value> room) {
  self.values = {0, static_cast<std::uint32_t>(room.size()), room.data()};
  self.last_ancestor = &last;
  self.state = State::suspended;
  last.parent = nullptr;
}

/// Suspends the active chain out to `last`, and makes the stack beyond active, which it returns.
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

/// The stack that ran last and has ended: a child of this one.
inline Continuation& ended_child(Store& store, const StackRecord& self) {
  FIBER_CHECK(C2, store.active->initial, ==, false);
  auto& ended = static_cast<Continuation&>(*store.active);
  FIBER_CHECK(C2, ended.parent, ==, &self);
  return ended;
}

/// A child of this stack has returned.
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

/// The active stack becomes the parent of the chain of `child`, which is active from here on.
inline void begin_child(Store& store, Continuation& child, const Handlers& handlers) {
  StackRecord& self = *store.active;
  self.handlers = &handlers;
  self.state = State::parent;
  link(store, child, self);
}

/// After a switch back to `self`, the parent: acts as the payload says.
[[nodiscard, gnu::always_inline]] inline std::expected<Outcome, Trap> settle(
    Store& store, StackRecord& self, std::uint64_t payload) {
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

/// Runs the chain of `child` under the active stack, until control comes back.
[[nodiscard, gnu::always_inline]] inline std::expected<Outcome, Trap> run_chain(
    Store& store, Continuation& child, ControlEffect effect, const Handlers& handlers) {
  StackRecord& self = *store.active;
  ControlContext* const context = last_ancestor_of(child).control_context;
  begin_child(store, child, handlers);
  return settle(store, self, transfer(store, self, child, context, context, encode(effect)));
}

/// After a suspended stack was resumed: the values, or the exception, that it was resumed with.
inline std::span<const Value> received(Store& store, const Continuation& self,
                                       std::uint64_t payload) {
  if (payload == encode({ControlEffect::Discriminant::resume_throw})) [[unlikely]] {
    raise_handed_over(store);
  }
  FIBER_CHECK(S3, payload & ~encode({ControlEffect::Discriminant::switch_}), ==, 0u);
  return {self.values.data, self.values.length};
}

// The operations.

[[nodiscard, gnu::always_inline]] inline std::expected<Outcome, Trap> resume(
    Store& store, Handle handle, std::span<const Value> values, const Handlers& handlers) {
  if (!can_use(store, handle, values.size())) [[unlikely]] {
    return std::unexpected(refusal(store, handle, values.size()));
  }
  Continuation& child = *handle.record;
  ++child.revision;
  append(buffer_of(child), values);
  return run_chain(store, child, {ControlEffect::Discriminant::resume}, handlers);
}

[[nodiscard, gnu::always_inline]] inline std::expected<Outcome, Trap> resume_throw(
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

[[nodiscard, gnu::always_inline]] inline std::expected<std::span<const Value>, Trap> suspend(
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

[[nodiscard, gnu::always_inline]] inline std::expected<std::span<const Value>, Trap> switch_to(
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

  // Re-parenting. H has the handler; the chain A … C is cut off, and the chain D … E takes its
  // place. Outward is up; cc is a control context. A is found.last, C self, E next, D its last
  // ancestor.
  //
  //            before                                     after
  //   H                      D  cc: E resumes    H                      A  cc: C resumes
  //   │                      │                   │                      │
  //   A  cc: H resumes       E  <- handle        D  cc: H resumes       C  <- handle in the values
  //   │                                          │
  //   C  runs                                    E  runs
  //
  // D's context goes to target, A's to D; A's then has room for the resume point of C, which the
  // switch stores there while it loads target. Contexts within the two chains stay as they are.
  ControlContext target;
  copy_context(*next.last_ancestor->control_context, target);
  copy_context(*found.last->control_context, *next.last_ancestor->control_context);
  link(store, next, handler);
  const std::uint64_t payload = transfer(store, self, next, found.last->control_context, &target,
                                         encode({ControlEffect::Discriminant::switch_}));
  return received(store, self, payload);
}

}  // namespace fiberproof
