// A lost signal is reported (C8), with its continuation and depth, and ends the process.
#include "core/instrumentation.hpp"
#include "core/tests/lost_signal.hpp"
#include "core/tests/near_limit.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace fiberproof {
namespace {

TEST(lost_signal, is_reported_with_the_continuation_and_ends_the_process) {
  EXPECT_EXIT(lose_signal(1), dies_of_the_fault, "^" + lost_by("1", "1"));
}

TEST(lost_signal, is_reported_with_the_depth) {
  EXPECT_EXIT(lose_signal(3), dies_of_the_fault, "^" + lost_by("3", "3"));
}

TEST(lost_signal, does_not_happen_if_the_handler_runs_on_the_alternate_stack) {
  EXPECT_EXIT(lose_signal(1, SA_ONSTACK), testing::ExitedWithCode(0), "^alarm\nbody went on\n$");
}

[[noreturn]] void lose_signal_with_rsp_below_the_limit(std::uint64_t bytes) {
  start_reporting();
  handle_alarm(0);
  Store store({.stacks = {.staggered = false}});
  const Entry entry(store);
  run_nested(store, 1, [&] {
    const std::uint64_t rsp = store.limits.stack_limit - bytes;
    long result = SYS_tgkill;
    asm volatile(
        "mov %%rsp, %%r12\n\t"
        "mov %[rsp], %%rsp\n\t"
        "syscall\n\t"
        "mov %%r12, %%rsp"
        : "+a"(result)
        : "D"(this_process), "S"(this_thread), "d"(long{SIGALRM}), [rsp] "r"(rsp)
        : "rcx", "r11", "r12", "memory");
  });
  std::_Exit(0);
}

TEST(lost_signal, is_reported_with_rsp_in_the_guard_pages) {
  for (const std::uint64_t bytes : {1u, 1000u, 4096u, 60'000u}) {
    EXPECT_EXIT(lose_signal_with_rsp_below_the_limit(bytes), dies_of_the_fault,
                "^" + lost_by("1", "1"));
  }
}

[[noreturn]] void lose_signal_on_supplied_memory() {
  start_reporting();
  handle_alarm(0);
  void* const lowest =
      ::mmap(nullptr, 2 * lost_signal_stack_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto* const memory = static_cast<std::byte*>(lowest) + lost_signal_stack_bytes;
  ::mprotect(memory, lost_signal_stack_bytes, PROT_READ | PROT_WRITE);
  Stack stack = std::move(*Stack::supply({memory, lost_signal_stack_bytes}));
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) { call_near(store.limits.stack_limit, 400, &send_alarm); });
  static_cast<void>(resume(store, *cont_new(store, &body, stack)));
  std::_Exit(0);
}

TEST(lost_signal, is_reported_on_supplied_memory) {
  EXPECT_EXIT(lose_signal_on_supplied_memory(), dies_of_the_fault, "^" + lost_by("1", "1"));
}

#ifndef FIBERPROOF_SANITIZED
/// A child, if the system lets it be the first process of a PID namespace of its own.
long fork_first_process() {
  return ::syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
}

int status_of(long child) {
  int status = 0;
  ::waitpid(static_cast<pid_t>(child), &status, 0);
  return status;
}

[[noreturn]] void lose_signal_as_first_process() {
  const long child = fork_first_process();
  if (child == 0) lose_signal(1);
  const int status = status_of(child);
  std::_Exit(WIFSIGNALED(status) ? WTERMSIG(status) : 200);
}

// It outlives any default action that was sent, by itself, too.
TEST(lost_signal, ends_the_first_process_of_a_pid_namespace) {
  const long child = fork_first_process();
  if (child < 0) GTEST_SKIP() << "the system makes no PID namespaces for this user";
  if (child == 0) std::_Exit(0);
  status_of(child);
  EXPECT_EXIT(lose_signal_as_first_process(), testing::ExitedWithCode(SIGSEGV), "");
}
#endif

}  // namespace
}  // namespace fiberproof
