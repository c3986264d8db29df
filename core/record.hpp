// Records: StackRecord of every stack that can be part of a chain, Continuation with what only a
// continuation has (SPEC.md, Continuations).
//
// A chain, outward is up: H resumed A, A resumed B, B resumed C. Each stack but H has a control
// context near its top (layout.hpp).
//
//                  C runs                          C has suspended the chain to H
//
//   H       state parent                        H       state running
//   │ A::parent is H                              A::parent is null
//   A       control_context: H resumes there    A       control_context: C resumes there
//   │ B::parent is A                            │ B::parent is A
//   B       control_context: A resumes there    B       control_context: A resumes there
//   │ C::parent is B                            │ C::parent is B
//   C       control_context: B resumes there    C       control_context: B resumes there
//           state running                               last_ancestor is A
//                                                       <- Handle{record, revision}
//
// So while a chain runs, each context says where the stack's parent resumes. When C suspends to H,
// one switch loads A's context (H resumes) and stores C into it; a resume does the same the other
// way. The other contexts stay as they are: the stacks between still wait for their children. How a
// chain changes its parent is drawn at switch_to (continuation_inline.hpp).
#pragma once

#include "core/exception_state.hpp"
#include "core/sanitizer_stack.hpp"
#include "core/stack.hpp"
#include "core/tag.hpp"
#include "core/trap.hpp"
#include "core/words.hpp"

#include <cstdint>
#include <span>

namespace fiberproof {

enum class State : std::uint8_t { fresh, running, parent, suspended, returned, trapped };

/// Per-stack facts, which the store holds for the running stack (C4). Addresses; 0 if not entered.
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
  const Handlers* handlers = nullptr;  ///< of the resume in which it waits, as a parent
  Limits limits;              ///< while it does not run; the running stack's are the store's
  ExceptionState exceptions;  ///< while it does not run; empty while it does
  SanitizerStack* sanitizer = nullptr;
};

/// A continuation. The record stays where the store made it and is reused after the continuation
/// has ended; its revision only grows, so that a stale handle stays stale. The fields that a switch
/// touches are in the first two cache lines: with thousands of continuations it is the records that
/// do not fit in the cache.
struct alignas(64) Continuation : StackRecord {
  StackRecord* parent = nullptr;          ///< the stack that resumed this one; null if absent
  Continuation* last_ancestor = nullptr;  ///< if fresh or suspended: the outer end of its chain
  std::uint64_t revision = 0;
  ControlContext* control_context = nullptr;  ///< near the top of its stack
  ArgsObject values{};  ///< if suspended: room for the values that it is resumed with

  ArgsObject args{};  ///< parameters on entry, results at the end; the buffer is on the stack
  Stack* stack = nullptr;
  std::uint64_t id = 0;          ///< counts the continuations of a store, from 1
  bool stack_is_pooled = false;  ///< it belongs to the store's pool, not to the caller
  bool stack_is_kept = false;    ///< between two uses of the record: it is pooled and not large
  Continuation* next_idle = nullptr;
  Trap reraised{NullHandle{}};  ///< the trap that trap_handler refers to, if any

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
