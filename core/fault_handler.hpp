// The handler for SIGSEGV and SIGBUS: examines a fault, then passes it unchanged to the handler
// that was installed before. It stays installed until the process ends, so that a second overflow
// is reported even if the embedder recovered from the first.
//
// SIGILL is left alone: neither an access nor a signal without room raises it.
#pragma once

#include <signal.h>
#include <ucontext.h>

namespace fiberproof {

/// The result of examining a fault.
enum class Fault {
  elsewhere,    ///< not ours, or an access that is repeated unless its cause is removed
  lost_signal,  ///< a signal was lost for lack of room: the interrupted code must not continue
};

/// Examines a signal that the kernel raised. Runs in its handler, on the alternate stack if there
/// is one.
using LookAtFault = Fault (*)(const siginfo_t& information, const ucontext_t& context);

/// Installs the handler, once for the process. Returns the errno of a refused system call, or 0.
[[nodiscard]] int install_fault_handler(LookAtFault look);

}  // namespace fiberproof
