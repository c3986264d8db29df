#include "fuzz/replay/death_signal.hpp"

#include "core/instrumentation.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace fiberproof::fuzz {
namespace {

struct DeathSignal {
  int number;
  std::string_view name;
  struct sigaction previous;
};

// Written before the handler is installed, and never again.
std::array<DeathSignal, 6> death_signals{{{SIGABRT, "SIGABRT\n", {}},
                                          {SIGBUS, "SIGBUS\n", {}},
                                          {SIGFPE, "SIGFPE\n", {}},
                                          {SIGILL, "SIGILL\n", {}},
                                          {SIGSEGV, "SIGSEGV\n", {}},
                                          {SIGSYS, "SIGSYS\n", {}}}};

void write_text(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

bool has_handler(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 ||
         (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

// Uninstrumented, since it runs where a crash has happened.
FIBERPROOF_UNINSTRUMENTED void on_death(int number, siginfo_t* information, void* context) {
  const int interrupted_errno = errno;
  for (const DeathSignal& signal : death_signals) {
    if (signal.number != number) continue;
    write_text(death_signal_mark);
    write_text(signal.name);
    errno = interrupted_errno;
    if ((signal.previous.sa_flags & SA_SIGINFO) != 0) {
      signal.previous.sa_sigaction(number, information, context);
    } else {
      signal.previous.sa_handler(number);
    }
  }
}

}  // namespace

void name_death_signals() {
  for (DeathSignal& signal : death_signals) {
    if (::sigaction(signal.number, nullptr, &signal.previous) != 0) continue;
    if (!has_handler(signal.previous)) continue;
    struct sigaction action = signal.previous;
    action.sa_sigaction = &on_death;
    action.sa_flags |= SA_SIGINFO | SA_ONSTACK;
    ::sigaction(signal.number, &action, nullptr);
  }
}

}  // namespace fiberproof::fuzz
