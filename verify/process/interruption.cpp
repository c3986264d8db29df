#include "verify/process/interruption.hpp"

#include "verify/process/child_process.hpp"
#include "verify/process/temporary_folder.hpp"

#include <unistd.h>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <string_view>
#include <thread>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::chrono::seconds patience(10);

std::atomic<bool> interrupted_flag = false;

constexpr std::array<int, 3> ending_signals{SIGINT, SIGTERM, SIGHUP};

sigset_t set_of_ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : ending_signals) sigaddset(&set, signal);
  return set;
}

void say(std::string_view line) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

[[noreturn]] void end_at_once() {
  ChildProcess::kill_groups();
  TemporaryFolder::remove_all_there_are();
  ::_exit(exit_status_interrupted);
}

[[noreturn]] void end_everything(const sigset_t& signals, const std::vector<void (*)()>& enders) {
  interrupted_flag = true;
  say("fiberproof: interrupted, ending; once more ends it at once\n");
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline) {
    for (void (*const end)() : enders) end();
    constexpr timespec pause{0, 50'000'000};
    if (::sigtimedwait(&signals, nullptr, &pause) > 0) break;
  }
  end_at_once();
}

}  // namespace

void watch_for_interruption(std::vector<void (*)()> enders) {
  struct sigaction hang_up{};
  ::sigaction(SIGHUP, nullptr, &hang_up);
  sigset_t signals = set_of_ending_signals();
  if (hang_up.sa_handler == SIG_IGN) sigdelset(&signals, SIGHUP);
  // Shells start background jobs with SIGINT ignored, and an ignored signal is dropped even where a
  // thread waits for it.
  for (const int signal : ending_signals) {
    if (sigismember(&signals, signal) == 1) std::signal(signal, SIG_DFL);
  }
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, enders = std::move(enders)] {
    int signal = 0;
    while (::sigwait(&signals, &signal) != 0) {
    }
    end_everything(signals, enders);
  }).detach();
}

bool is_interrupted() {
  return interrupted_flag;
}

int exit_status_or_interrupted(int status) {
  return is_interrupted() ? exit_status_interrupted : status;
}

void take_signals_as_usual() {
  for (const int signal : ending_signals) {
    struct sigaction now{};
    ::sigaction(signal, nullptr, &now);
    if (signal != SIGHUP || now.sa_handler != SIG_IGN) std::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace fiberproof::verify
