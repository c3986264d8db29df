// The operations on continuations (SPEC.md, Continuations): an engine's runtime does this around
// the switch. Example: core/example/.
//
// Operations that switch are always inlined. An out-of-line `ret` would pair with a `call` of
// another stack and be mispredicted.
//
// Every operation works on the store's active stack, so it needs an open Entry. A refused operation
// returns the reason and has changed nothing. Values are copied in. The values in an Outcome, and
// those that suspend and switch_to return, stay where they were made, and are valid until the next
// operation on the store.
//
// A body that ends by an exception traps, and its resumer can catch the exception: the operation
// that resumed it throws it again. Any other trap is raised on every stack outward, up to the
// initial one: the operation that resumed returns it, every further operation of that stack is
// refused with it, and its body ends in it.
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

/// How control came back from a resumed continuation.
struct Outcome {
  enum class Kind : std::uint8_t { returned, suspended };
  Kind kind;
  std::uint32_t handler_index;  ///< of the suspend clause that matched
  std::span<const Value> values;
  Handle handle;  ///< of the suspended chain
};

/// Makes a fresh continuation that will run `function`. Its stack comes from the store's pool and
/// has `stack_bytes` usable bytes (0: as the store's options say), or it is the caller's and must
/// outlive the continuation.
[[nodiscard]] std::expected<Handle, Trap> cont_new(Store& store, const Function* function,
                                                   std::uint64_t stack_bytes = 0);
[[nodiscard]] std::expected<Handle, Trap> cont_new(Store& store, const Function* function,
                                                   Stack& stack);

/// Consumes `handle` and passes `values`, which come before those of the resume. The result names
/// the same continuation.
[[nodiscard]] std::expected<Handle, Trap> cont_bind(Store& store, Handle handle,
                                                    std::span<const Value> values);

/// Consumes `handle` and discards its whole chain. Frames are not unwound, so nothing that they own
/// is released but the exceptions that they were handling.
[[nodiscard]] std::expected<void, Trap> abandon(Store& store, Handle handle);

/// Consumes `handle` and runs its chain, passing `values` after those bound before. Returns when
/// the chain's last ancestor ends, or when the chain suspends itself to one of `handlers`.
[[nodiscard]] std::expected<Outcome, Trap> resume(Store& store, Handle handle,
                                                  std::span<const Value> values = {},
                                                  const Handlers& handlers = {});

/// Like resume, but throws `exception`, which is not null, from the suspension that the
/// continuation is in. A fresh one ends without running, and the exception is thrown here.
[[nodiscard]] std::expected<Outcome, Trap> resume_throw(Store& store, Handle handle,
                                                        std::exception_ptr exception,
                                                        const Handlers& handlers = {});

/// Suspends the chain from the active stack out to the nearest stack whose resume has a suspend
/// clause for `tag`; that stack gets `values`. Returns the values with which it is resumed, which
/// are copied to `room`.
[[nodiscard]] std::expected<std::span<const Value>, Trap> suspend(
    Store& store, const Tag& tag, std::span<const Value> values = {}, std::span<Value> room = {});

/// Suspends the chain out to the nearest stack whose resume has a switch clause for `tag`, consumes
/// `handle`, and runs its chain in place of the suspended one. That chain gets `values` and, as the
/// last value, the handle of the suspended chain. Returns like suspend.
[[nodiscard]] std::expected<std::span<const Value>, Trap> switch_to(
    Store& store, Handle handle, const Tag& tag, std::span<const Value> values = {},
    std::span<Value> room = {});

}  // namespace fiberproof

#include "core/continuation_inline.hpp"
