// Continuations on native stacks: made, resumed, suspended to whoever resumed them, and ended by a
// return or a trap. Nesting is by resuming from inside a body, to any depth.
#pragma once

#include "core/continuation_start.hpp"
#include "core/control_effect.hpp"
#include "core/func_ref.hpp"
#include "core/initialize.hpp"
#include "core/layout.hpp"
#include "core/stack.hpp"

#include <cstdint>
#include <expected>
#include <span>

namespace fiberproof {

/// A continuation's state. One that waits for a continuation it resumed itself is running, too.
enum class State : std::uint8_t { fresh, running, suspended, returned, trapped };

/// One continuation. Stays where it was made: its stack holds the address of `args`.
struct Continuation {
  Continuation() = default;
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;

  Stack* stack = nullptr;
  Store* store = nullptr;
  State state = State::trapped;
  ArgsObject args{};

  /// Of this stack while it does not run, and of its parent while it does.
  ControlContext& control_context() const {
    return *reinterpret_cast<ControlContext*>(stack->bounds().top -
                                              control_context_bytes_below_top);
  }

  /// The values handed in or out that are in use.
  std::span<Value> values() const { return {args.data, args.length}; }
};

/// Makes `made` a fresh continuation that will run `func_ref` on `stack`, with room for the larger
/// of the two counts of values. All of them must outlive it. Where `stack` is too small `made` is
/// left trapped, which no resume accepts.
std::expected<void, StackTooSmall> cont_new(Continuation& made, Stack& stack, Store& store,
                                            const FuncRef& func_ref, std::uint32_t parameter_count,
                                            std::uint32_t return_value_count,
                                            Revision revision = Revision::trap);

/// The continuation was neither fresh nor suspended, and was left as it is.
struct NotResumable {
  State state;
};

/// Runs `child` until it returns, traps or suspends, and tells which. After a trap that a C++
/// exception caused, that exception is in the store (F3).
std::expected<ControlEffect, NotResumable> resume(Continuation& child);

/// Suspends the running continuation `self` to whoever resumed it, which sees a Suspend effect with
/// `handler_index`. Returns when it is resumed again, by the same stack or another one.
void suspend(Continuation& self, std::uint32_t handler_index);

}  // namespace fiberproof
