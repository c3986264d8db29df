// The handler for SIGSEGV and SIGBUS: has a fault looked at, and hands it to the handler that was
// there before, as it came. It stays where it is until the process ends, so that an overflow after
// one that the embedder recovered from is looked at, too.
//
// Not for SIGILL: neither an access nor a signal without room ends in one.
#pragma once

#include <signal.h>
#include <ucontext.h>

namespace fiberproof {

/// What was found out about a fault.
enum class Fault {
  elsewhere,    ///< nothing of ours, or an access that happens again if nobody mends it
  lost_signal,  ///< a signal was given up for lack of room: the interrupted code must not go on
};

/// Looks at a signal that the kernel made; runs in its handler, on the alternate stack if there is
/// one.
using LookAtFault = Fault (*)(const siginfo_t& information, const ucontext_t& context);

/// Installs the handler, once for the process. Returns the errno of a refused system call, or 0.
int install_fault_handler(LookAtFault look);

}  // namespace fiberproof
