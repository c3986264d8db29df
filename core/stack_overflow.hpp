// Stack overflow, reported (C8): code that runs over the limit of a mapped stack meets its guard
// pages, and this says on standard error which continuation it was and how deep in its chain, in
// one line, with the innermost frames below it. Then the process ends as it would have ended
// without. Where other code touched such a page, by a wild pointer, the line says so.
//
// A signal whose handler runs on the interrupted stack may find no room there for the frame that
// the kernel makes. Then there is a SIGSEGV without an address, once; it is told from others
// without an address by the room that is left, and reported as an overflow, too. What was lost does
// not come again, so that the process ends, if no handler that was there before sends it elsewhere.
//
// The signal cannot be handled on the stack that has overflowed, so each thread needs an alternate
// one. The handler looks through the stores that this thread has entered; it calls nothing that is
// not async-signal-safe. A fault anywhere else, also on the thread's own guard page, is not its
// business: the handler that was there before gets it as it came.
//
// Nothing is said, and the process ends by SIGSEGV, on a thread that did not call this; where the
// embedder has taken the alternate stack away, or put one in its place that the kernel's frame does
// not fit on; and where SIGSEGV is blocked. A handler that overruns the alternate stack ends the
// process so, too: that is no continuation's.
//
// Relies on frames that touch every page they span (-fstack-clash-protection), or are smaller than
// the guard pages: others step over them.
#pragma once

#include <expected>

namespace fiberproof {

/// Installs the handler for SIGSEGV and SIGBUS, once for the process, and an alternate signal stack
/// for the calling thread, until the thread ends, where it has none that is large enough. The error
/// is the errno of a refused system call.
///
/// After its report the handler calls the one that was there before, or lets the signal's default
/// action happen. With libFuzzer call it from the first input on: during LLVMFuzzerInitialize there
/// is no handler of libFuzzer's yet, and there never will be one where it finds this one.
[[nodiscard]] std::expected<void, int> report_stack_overflows();

}  // namespace fiberproof
