// fiber_start: the first C++ on a new stack, called by continuation_start.
#pragma once

#include "core/func_ref.hpp"
#include "core/layout.hpp"

#include <cstdint>

namespace fiberproof {

/// Runs `func_ref` with `caller_vmctx`, which is the Store whose active stack this is, and the args
/// buffer as (data, capacity) (F1). On success args->length is return_value_count and the result is
/// true; on a trap the length is left and the result is false (F2). No exception leaves: one that
/// arrives is a trap, and is kept in the store for the resumer (F3). So is what is no exception of
/// C++: one of another language, or the unwinding that ends a thread.
bool fiber_start(const FuncRef* func_ref, void* caller_vmctx, ArgsObject* args,
                 std::uint64_t return_value_count) noexcept __asm__("fiberproof_fiber_start");

/// Revision v44: returns nothing, sets args->length in either case, and forgets the exception. Kept
/// to show what is wrong with that (T5, Wasmtime issue 13028).
void fiber_start_v44(const FuncRef* func_ref, void* caller_vmctx, ArgsObject* args,
                     std::uint64_t return_value_count) noexcept
    __asm__("fiberproof_fiber_start_v44");

}  // namespace fiberproof
