// What is kept of each stack: of every stack that can be part of a chain, and of a continuation
// (SPEC.md, Continuations).
#pragma once

#include "core/exception_state.hpp"
#include "core/layout.hpp"
#include "core/sanitizer.hpp"
#include "core/stack.hpp"
#include "core/tag.hpp"
#include "core/trap.hpp"

#include <cstdint>
#include <span>

namespace fiberproof {

enum class State : std::uint8_t { fresh, running, parent, suspended, returned, trapped };

/// Per-stack facts that the store holds for the running stack (C4). Addresses; 0 where not entered.
struct Limits {
  std::uint64_t stack_limit = 0;          ///< the lowest address that the stack may use
  std::uint64_t entry_frame_pointer = 0;  ///< of the last entry from the embedder on this stack
  std::uint64_t entry_stack_pointer = 0;
  TrapHandler* trap_handler = nullptr;  ///< where a child's trap arrives
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// A stack of a chain: the initial one, or a continuation's.
struct StackRecord {
  State state = State::trapped;
  bool initial = false;
  TrapHandler trap_handler;
  const Handlers* handlers = nullptr;  ///< of the resume that it waits in, as a parent
  Limits limits;              ///< while it does not run; the running stack's are the store's
  ExceptionState exceptions;  ///< while it does not run; empty while it does
  SanitizerStack* sanitizer = nullptr;
};

/// A continuation. Lives where the store made it and is used again after its end: its revision
/// never goes back, so that a stale handle stays stale. What a switch touches is in the first two
/// cache lines: with thousands of continuations the records are what does not fit in the cache.
struct alignas(64) Continuation : StackRecord {
  StackRecord* parent = nullptr;          ///< who resumed this stack; null is absent
  Continuation* last_ancestor = nullptr;  ///< of a fresh or suspended one: the end of its chain
  std::uint64_t revision = 0;
  ControlContext* control_context = nullptr;  ///< near the top of its stack
  ArgsObject values{};  ///< of a suspended one: room for what it will be resumed with

  ArgsObject args{};  ///< parameters on entry, results at the end; the buffer is on the stack
  Stack* stack = nullptr;
  std::uint64_t id = 0;          ///< counts the continuations of a store, from 1
  bool stack_is_pooled = false;  ///< it is of the store's pool, and not the caller's
  bool stack_is_kept = false;    ///< between two uses of the record, as it is pooled and not large
  Continuation* next_idle = nullptr;
  Trap reraised{NullHandle{}};  ///< what trap_handler refers to, where it does

  Continuation() = default;
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;
};
static_assert(sizeof(StackRecord) + 6 * sizeof(std::uint64_t) == 128);

/// Names a continuation for one use (C1). Wasmtime's continuation reference, and of the same size.
struct Handle {
  Continuation* record = nullptr;
  std::uint64_t revision = 0;
  friend bool operator==(const Handle&, const Handle&) = default;
};

/// A handle in transit among other values, as `switch_to` hands it over.
inline Value to_value(Handle handle) {
  return {reinterpret_cast<std::uint64_t>(handle.record), handle.revision};
}
inline Handle to_handle(Value value) {
  return {reinterpret_cast<Continuation*>(value.low), value.high};
}

}  // namespace fiberproof
