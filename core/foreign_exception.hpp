// Foreign exceptions (F3): exceptions of other languages, and the forced unwinding by which
// pthread_exit and pthread_cancel end a thread.
//
// The unwinder cannot go from stack to stack, because the switch in which a parent waits is not a
// call that the compiler made landing pads for. So fiber_start catches, does not end its handler,
// and leaves as with any trap. The parent's resume then throws the exception again, as `throw;`
// does, on its own stack. It is the same object all the way, as glibc demands. In between the store
// is as after a trap, and each switch is annotated for the sanitizers.
//
// Relies on libstdc++, whose __cxa_rethrow continues forced unwinding. libc++abi's raises a new
// exception instead: built with libc++, foreign exceptions are refused.
#pragma once

#include "core/store.hpp"

#include <cstdint>

namespace fiberproof {

/// Called in the handler that caught it: moves the exception to the store, so that it outlives the
/// handler.
void take_foreign_exception(Store& store);

/// Throws the exception that was kept, on the running stack. Exceptions that are being handled
/// there stay as they are.
[[noreturn]] void raise_foreign_exception(Store& store);

/// Prints "fiberproof: F3: continuation ID: WHAT" and ends the process.
[[noreturn, gnu::cold]] void refuse(std::uint64_t continuation, const char* what);

}  // namespace fiberproof
