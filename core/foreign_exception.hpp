// What unwinds a stack and is no exception of C++ (F3): an exception of another language, or the
// forced unwinding by which pthread_exit and pthread_cancel end a thread.
//
// The unwinder cannot go from stack to stack: the place where a parent waits is no call that the
// compiler made landing pads for. So fiber_start catches, does not end its handler, and leaves as
// with any trap; and where the parent resumed, the exception is thrown again, as `throw;` does, on
// that stack. It is the same object all the way, which glibc insists on. In between the store is as
// after a trap, and the sanitizers are told of each switch.
//
// Relies on libstdc++, where __cxa_rethrow goes on with forced unwinding. libc++abi's raises the
// exception as a new one: built with libc++, what is foreign is refused.
#pragma once

#include "core/store.hpp"

#include <cstdint>

namespace fiberproof {

/// In the handler of the body that it ended: keeps it in the store, from where the end of the
/// handler does not take it.
void take_foreign_exception(Store& store);

/// Throws what was kept, on the stack that runs, whose own exceptions in handling it leaves alone.
[[noreturn]] void raise_foreign_exception(Store& store);

/// Prints "fiberproof: F3: continuation ID: WHAT" and ends the process.
[[noreturn, gnu::cold]] void refuse(std::uint64_t continuation, const char* what);

}  // namespace fiberproof
