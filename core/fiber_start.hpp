// fiber_start: the first C++ on a new stack, called by continuation_start.
#pragma once

#include "core/func_ref.hpp"
#include "core/words.hpp"

#include <cstdint>

namespace fiberproof {

/// Runs `func_ref` with `caller_vmctx`, which is the Store whose active stack this is, and the args
/// buffer as (data, capacity) (F1). On success args->length is return_value_count and the result is
/// true; on a trap the length is unchanged and the result is false (F2). No exception leaves: it
/// becomes a trap, and the store keeps it for the resumer (F3). The same goes for exceptions of
/// other languages and for the unwinding that ends a thread.
bool fiber_start(const FuncRef* func_ref, void* caller_vmctx, ArgsObject* args,
                 std::uint64_t return_value_count) noexcept __asm__("fiberproof_fiber_start");

/// For the trampoline v44: returns nothing, sets args->length in either case, and forgets the
/// exception. Kept to demonstrate the bug (T5, Wasmtime issue 13028).
void fiber_start_v44(const FuncRef* func_ref, void* caller_vmctx, ArgsObject* args,
                     std::uint64_t return_value_count) noexcept
    __asm__("fiberproof_fiber_start_v44");

}  // namespace fiberproof
