#include "core/tests/lost_signal.hpp"

#include "core/instrumentation.hpp"
#include "core/tests/near_limit.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>

namespace fiberproof {

#ifdef FIBERPROOF_SANITIZED
bool dies_of_the_fault(int status) {  // or of a sanitizer's report of it
  return (WIFEXITED(status) && WEXITSTATUS(status) != 0) || WIFSIGNALED(status);
}
#else
bool dies_of_the_fault(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}
#endif

std::string lost_by(std::string_view id, std::string_view depth) {
  return "fiberproof: C8: stack overflow of continuation " + std::string(id) + ", " +
         std::string(depth) +
         " deep: its 16384 usable bytes end at 0x[0-9a-f]+, no room on its "
         "stack for the frame of a signal at rip 0x[0-9a-f]+, rsp 0x[0-9a-f]+\n    #0 ";
}

void say(std::string_view text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void start_reporting() {
  if (!report_stack_overflows()) std::_Exit(3);
}

long this_process = 0;
long this_thread = 0;

void send_alarm() {
  long result = SYS_tgkill;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(this_process), "S"(this_thread), "d"(long{SIGALRM})
               : "rcx", "r11", "memory");
}

void on_alarm(int) {
  say("alarm\n");
}

void handle_alarm(int flags) {
  this_process = ::getpid();
  this_thread = ::gettid();
  struct sigaction action{};
  action.sa_handler = &on_alarm;
  action.sa_flags = flags;
  ::sigaction(SIGALRM, &action, nullptr);
}

void run_nested(Store& store, std::size_t depth, const std::function<void()>& innermost) {
  if (depth == 0) {
    innermost();
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { run_nested(store, depth - 1, innermost); });
  static_cast<void>(resume(store, *cont_new(store, &body, lost_signal_stack_bytes)));
}

void lose_signal_at_depth(std::size_t depth) {
  Store store({.stacks = {.staggered = false}});
  const Entry entry(store);
  run_nested(store, depth, [&] {
    call_near(store.limits.stack_limit, 400, &send_alarm);
    say("body went on\n");
  });
}

[[noreturn]] void lose_signal(std::size_t depth, int flags) {
  start_reporting();
  handle_alarm(flags);
  lose_signal_at_depth(depth);
  std::_Exit(0);
}

}  // namespace fiberproof
