#include "core/fault_handler.hpp"
#include "core/instrumentation.hpp"

#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <iterator>
#include <mutex>

namespace fiberproof {
namespace {

// The handlers that were installed before, by signal. Written before ours is installed, and again
// only while the default action has its place.
struct Previous {
  int signal;
  struct sigaction action;
  std::atomic<bool> used_up;  ///< it was to run once (SA_RESETHAND), and has run
};
std::array<Previous, 2> previous_handlers{{{SIGSEGV, {}, false}, {SIGBUS, {}, false}}};

LookAtFault look_at_fault = nullptr;

// Set while a fault is examined: a fault of the examination itself is passed on at once.
constinit thread_local volatile sig_atomic_t looking = 0;

bool was_sent(const siginfo_t& information) {
  return information.si_code <= 0;
}

/// Page faults happen again when the handler returns. Other signals of the kernel may not: a
/// general protection fault does and a lost signal does not, and both have SI_KERNEL and no
/// address.
bool is_page_fault(const siginfo_t& information) {
  return information.si_signo == SIGSEGV &&
         (information.si_code == SEGV_MAPERR || information.si_code == SEGV_ACCERR);
}

/// Ends the process by the signal's default action, with the original siginfo_t for the core dump:
/// when the handler returns if that is certain to end it, else at once.
void end_process(siginfo_t& information, ucontext_t& context) {
  const int signal = information.si_signo;
  struct sigaction default_action{};
  default_action.sa_handler = SIG_DFL;
  ::sigaction(signal, &default_action, nullptr);
  if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), ::gettid(), signal, &information) != 0) {
    ::raise(signal);
  }
  sigdelset(&context.uc_sigmask, signal);
  if (was_sent(information) || is_page_fault(information)) {
    return;
  }
  sigset_t only{};
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  // Still alive: the first process of a PID namespace ignores sent signals, but not its own faults.
  asm volatile("hlt");
}

/// Calls the handler that was installed before, if any.
bool call(Previous& previous, siginfo_t& information, ucontext_t& context) {
  const struct sigaction& action = previous.action;
  const bool has_three_parameters = (action.sa_flags & SA_SIGINFO) != 0;
  if (!has_three_parameters && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)) {
    return false;
  }
  if ((action.sa_flags & static_cast<int>(SA_RESETHAND)) != 0 && previous.used_up.exchange(true)) {
    return false;
  }
  if (has_three_parameters) {
    action.sa_sigaction(previous.signal, &information, &context);
  } else {
    action.sa_handler(previous.signal);
  }
  return true;
}

/// Does what would have happened without this handler. The one exception is a lost signal: the
/// previous handler cannot simply let the interrupted code continue.
void hand_over(Previous& previous, siginfo_t& information, ucontext_t& context, Fault fault) {
  const bool is_ignored =
      (previous.action.sa_flags & SA_SIGINFO) == 0 && previous.action.sa_handler == SIG_IGN;
  if (is_ignored && was_sent(information)) {
    return;
  }
  gregset_t before;
  std::ranges::copy(context.uc_mcontext.gregs, std::begin(before));
  if (!call(previous, information, context)) {
    end_process(information, context);
  } else if (fault == Fault::lost_signal && std::ranges::equal(context.uc_mcontext.gregs, before)) {
    end_process(information, context);
  }
}

FIBERPROOF_UNINSTRUMENTED void on_fault(int signal, siginfo_t* information, void* context_given) {
  const int interrupted_errno = errno;
  auto& context = *static_cast<ucontext_t*>(context_given);
  Fault fault = Fault::elsewhere;
  if (!was_sent(*information) && looking == 0) {
    looking = 1;
    fault = look_at_fault(*information, context);
    looking = 0;
  }
  errno = interrupted_errno;
  for (Previous& previous : previous_handlers) {
    if (previous.signal == signal) {
      hand_over(previous, *information, context, fault);
    }
  }
}

bool is_default(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
}

/// The handler runs on the stack of the previous one, and can be interrupted by the same signals.
int install_handler(Previous& previous, const struct sigaction& now) {
  previous.action = now;
  struct sigaction action{};
  action.sa_sigaction = &on_fault;
  action.sa_mask = now.sa_mask;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | (now.sa_flags & SA_NODEFER);
  return ::sigaction(previous.signal, &action, nullptr) == 0 ? 0 : errno;
}

/// A handler that was installed over ours may call ours: only the default action makes way again.
int install_handlers(bool again) {
  for (Previous& previous : previous_handlers) {
    struct sigaction now{};
    if (::sigaction(previous.signal, nullptr, &now) != 0) {
      return errno;
    }
    if (again && !is_default(now)) {
      continue;
    }
    if (const int refused = install_handler(previous, now); refused != 0) {
      return refused;
    }
  }
  return 0;
}

}  // namespace

int install_fault_handler(LookAtFault look) {
  static std::mutex one_at_a_time;
  static bool is_installed = false;
  // Also gives the thread-local word that the handler reads its memory.
  looking = 0;
  const std::lock_guard lock(one_at_a_time);
  look_at_fault = look;
  const int refused = install_handlers(is_installed);
  is_installed = is_installed || refused == 0;
  return refused;
}

}  // namespace fiberproof
