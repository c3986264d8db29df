// The operations on continuations (SPEC.md, Continuations): what an engine's runtime does around
// the switch. Those that switch are inline, and part of the function that calls them: a return on
// one stack for a call on another would be predicted wrongly each time.
//
// Every operation works on the store's active stack, so it needs an open Entry. A refused operation
// says why and has changed nothing. Values are copied in; the values in an Outcome or received by a
// suspension stay where they were made, and are good until the next operation on the store.
//
// A body that ends by an exception is a trap that its resumer can catch: the operation that resumed
// it throws the same exception. Any other trap is re-raised on every stack outward: the operation
// returns it, every further operation of that stack is refused with it, and its body ends in it,
// until it has reached the initial stack.
#pragma once

#include "core/check.hpp"
#include "core/control_effect.hpp"
#include "core/func_ref.hpp"
#include "core/record.hpp"
#include "core/stack_transfer.hpp"
#include "core/store.hpp"
#include "core/tag.hpp"
#include "core/trap.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <expected>
#include <span>

namespace fiberproof {

/// How a resumed continuation gave the control back.
struct Outcome {
  enum class Kind : std::uint8_t { returned, suspended };
  Kind kind;
  std::uint32_t handler_index;  ///< of the suspend clause that matched
  std::span<const Value> values;
  Handle handle;  ///< of the suspended chain
};

/// A fresh continuation that will run `function`, on a stack of the store's pool with
/// `stack_bytes` usable ones (0: as the store's options say), or on a stack of the caller's, which
/// must outlive the continuation.
std::expected<Handle, Trap> cont_new(Store& store, const Function* function,
                                     std::uint64_t stack_bytes = 0);
std::expected<Handle, Trap> cont_new(Store& store, const Function* function, Stack& stack);

/// Consumes `handle` and hands `values` in ahead of those of the resume. The result names the same
/// continuation.
std::expected<Handle, Trap> cont_bind(Store& store, Handle handle, std::span<const Value> values);

/// Consumes `handle` and discards its whole chain: frames are not unwound, so nothing that they own
/// is released, except for the exceptions whose handlers they are in.
std::expected<void, Trap> abandon(Store& store, Handle handle);

/// Consumes `handle` and runs its chain, with `values` after those bound before, until the stack
/// that runs last returns to this one or suspends itself to one of `handlers`.
std::expected<Outcome, Trap> resume(Store& store, Handle handle, std::span<const Value> values = {},
                                    const Handlers& handlers = {});

/// As resume, but raises `exception`, which is not null, where the continuation is suspended. A
/// fresh one ends without running, and the exception is raised here.
std::expected<Outcome, Trap> resume_throw(Store& store, Handle handle, std::exception_ptr exception,
                                          const Handlers& handlers = {});

/// Suspends the chain from the active stack out to the nearest one whose resume has a suspend
/// clause for `tag`; that one gets `values`. Returns with the values that it is resumed with, which
/// are copied to `room`.
std::expected<std::span<const Value>, Trap> suspend(Store& store, const Tag& tag,
                                                    std::span<const Value> values = {},
                                                    std::span<Value> room = {});

/// Suspends the chain out to the nearest stack whose resume has a switch clause for `tag`, and runs
/// the chain of `handle`, which it consumes, in its place. That one gets `values` and, as the last
/// value, the handle of the chain that was suspended. Returns as suspend does.
std::expected<std::span<const Value>, Trap> switch_to(Store& store, Handle handle, const Tag& tag,
                                                      std::span<const Value> values = {},
                                                      std::span<Value> room = {});

}  // namespace fiberproof

#include "core/continuation_inline.hpp"
