// Stack overflow reports (C8). Code that runs over the limit of a mapped stack meets its guard
// pages. The handler then prints to standard error which continuation it was and how deep in its
// chain, in one line, with the innermost frames below it, and the process ends as it would have
// ended without a handler. If other code touched the page through a wild pointer, the line says so.
//
// A signal whose handler runs on the interrupted stack may find no room there for the kernel's
// frame. Then the kernel raises one SIGSEGV without an address. It is recognised by the room that
// is left, and reported as an overflow, too. The lost signal is not delivered again, so the process
// ends, unless a handler that was installed before continues elsewhere.
//
// No signal can be handled on the stack that has overflowed, so each thread needs an alternate one.
// The handler searches the stores that this thread has entered, and calls only async-signal-safe
// functions. Every other fault, even on the thread's own guard page, is passed unchanged to the
// handler that was installed before.
//
// There is no report, and the process ends by SIGSEGV: on a thread that did not call this; if the
// embedder has removed the alternate stack, or replaced it by one too small for the kernel's frame;
// if SIGSEGV is blocked; and if a handler overruns the alternate stack, which no continuation owns.
//
// Relies on frames that touch every page they span (-fstack-clash-protection), or are smaller than
// the guard pages: others step over them.
#pragma once

#include <expected>

namespace fiberproof {

/// Installs the handler for SIGSEGV and SIGBUS, once for the process, and again where the default
/// action has replaced it since, as after a fork that resets signals. Gives the calling thread an
/// alternate signal stack, until the thread ends, if it has none that is large enough. The error is
/// the errno of a refused system call.
///
/// After its report the handler calls the one that was installed before, or lets the signal's
/// default action happen. With libFuzzer, call it with the first input: during LLVMFuzzerInitialize
/// libFuzzer has no handler yet, and it installs none if it finds this one.
[[nodiscard]] std::expected<void, int> report_stack_overflows();

}  // namespace fiberproof
