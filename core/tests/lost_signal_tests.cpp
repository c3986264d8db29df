// A signal for which there is no room on the stack that it interrupts (C8): the kernel drops it for
// a SIGSEGV without an address, which happens but once. And what becomes of other faults, and of
// handlers that were there before. Each case ends a child process, and judges by what that says.
#include "core/stack_overflow.hpp"

#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/tests/near_limit.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <setjmp.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace fiberproof {
namespace {

constexpr std::uint64_t stack_bytes = 16 * 1024;

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

/// By hand: a call of tgkill() may need more stack than there is.
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
  static_cast<void>(resume(store, *cont_new(store, &body, stack_bytes)));
}

/// Has a signal sent where 400 bytes are left, and says that the body went on.
void lose_signal_at_depth(std::size_t depth) {
  Store store({.stacks = {.staggered = false}});
  const Entry entry(store);
  run_nested(store, depth, [&] {
    call_near(store.limits.stack_limit, 400, &send_alarm);
    say("body went on\n");
  });
}

[[noreturn]] void lose_signal(std::size_t depth, int flags = 0) {
  start_reporting();
  handle_alarm(flags);
  lose_signal_at_depth(depth);
  std::_Exit(0);
}

TEST(lost_signal, is_reported_with_the_continuation_and_ends_the_process) {
  EXPECT_EXIT(lose_signal(1), dies_of_the_fault, "^" + lost_by("1", "1"));
}

TEST(lost_signal, is_reported_with_the_depth) {
  EXPECT_EXIT(lose_signal(3), dies_of_the_fault, "^" + lost_by("3", "3"));
}

TEST(lost_signal, is_none_where_the_handler_runs_on_the_alternate_stack) {
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
      ::mmap(nullptr, 2 * stack_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto* const memory = static_cast<std::byte*>(lowest) + stack_bytes;
  ::mprotect(memory, stack_bytes, PROT_READ | PROT_WRITE);
  Stack stack = std::move(*Stack::supply({memory, stack_bytes}));
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) { call_near(store.limits.stack_limit, 400, &send_alarm); });
  static_cast<void>(resume(store, *cont_new(store, &body, stack)));
  std::_Exit(0);
}

TEST(lost_signal, is_reported_on_supplied_memory_where_nothing_is_below) {
  EXPECT_EXIT(lose_signal_on_supplied_memory(), dies_of_the_fault, "^" + lost_by("1", "1"));
}

// Handlers that were there before.

void on_fault_of_embedder(int signal, siginfo_t* information, void*) {
  say(signal == SIGBUS                    ? "embedder: bus\n"
      : information->si_code == SI_KERNEL ? "embedder: no address\n"
                                          : "embedder: page fault\n");
}

sigjmp_buf recovery;

[[maybe_unused]] void recover(int signal, siginfo_t* information, void* context) {
  on_fault_of_embedder(signal, information, context);
  siglongjmp(recovery, 1);
}

void handle_faults(void (*handler)(int, siginfo_t*, void*), int flags = 0) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | flags;
  ::sigaction(SIGSEGV, &action, nullptr);
  ::sigaction(SIGBUS, &action, nullptr);
}

[[noreturn]] void lose_signal_after(void (*handler)(int, siginfo_t*, void*)) {
  handle_faults(handler);
  lose_signal(1);
}

TEST(lost_signal, ends_the_process_also_where_the_previous_handler_returns) {
  EXPECT_EXIT(lose_signal_after(&on_fault_of_embedder), testing::KilledBySignal(SIGSEGV),
              "^" + lost_by("1", "1") + "(.|\n)*embedder: no address\n$");
}

TEST(lost_signal, ends_the_process_also_where_the_previous_handler_gives_up_its_place) {
  EXPECT_EXIT(lose_signal_after([](int signal, siginfo_t*, void*) { ::signal(signal, SIG_DFL); }),
              testing::KilledBySignal(SIGSEGV), "^" + lost_by("1", "1") + "[^w]*$");
}

TEST(lost_signal, lets_the_previous_handler_choose_another_place_to_go_on) {
  EXPECT_EXIT(lose_signal_after([](int, siginfo_t*, void* context) {
                auto& words = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
                words[REG_RIP] = reinterpret_cast<greg_t>(+[] { std::_Exit(9); });
                words[REG_RSP] = (words[REG_RSP] + 4096) / 16 * 16 - 8;  // where there is room
              }),
              testing::ExitedWithCode(9), "^" + lost_by("1", "1"));
}

#ifndef FIBERPROOF_SANITIZED
/// Twice, each of which the embedder recovers from in the same body.
[[noreturn]] void recover_twice(const std::function<void(Store&)>& overrun) {
  handle_faults(&recover, SA_NODEFER);
  start_reporting();
  handle_alarm(0);
  Store store({.stacks = {.staggered = false}});
  const Entry entry(store);
  run_nested(store, 1, [&] {
    for (int count = 0; count < 2; ++count) {
      if (sigsetjmp(recovery, 1) == 0) overrun(store);
      say("recovered\n");
    }
  });
  std::_Exit(0);
}

TEST(lost_signal, is_reported_again_after_one_that_was_recovered_from) {
  EXPECT_EXIT(
      recover_twice([](Store& store) { call_near(store.limits.stack_limit, 400, &send_alarm); }),
      testing::ExitedWithCode(0),
      "^(fiberproof: C8: stack overflow of continuation 1, [^\n]*frame of a signal[^\n]*\n"
      "(    #[^\n]*\n)+embedder: no address\nrecovered\n){2}$");
}

TEST(lost_signal, an_overrun_is_reported_again_after_one_that_was_recovered_from) {
  EXPECT_EXIT(recover_twice([](Store&) { recurse_without_end(0); }), testing::ExitedWithCode(0),
              "^(fiberproof: C8: stack overflow of continuation 1, [^\n]*access to[^\n]*\n"
              "(    #[^\n]*\n)+embedder: page fault\nrecovered\n){2}$");
}

[[noreturn]] void overrun_after_a_handler_that_runs_once() {
  ::alarm(10);  // For a handler that is called over and over.
  handle_faults(&on_fault_of_embedder, static_cast<int>(SA_RESETHAND));
  start_reporting();
  Store store;
  const Entry entry(store);
  run_nested(store, 1, [] { recurse_without_end(0); });
  std::_Exit(0);
}

TEST(lost_signal, a_previous_handler_that_is_to_run_once_runs_once) {
  EXPECT_EXIT(overrun_after_a_handler_that_runs_once(), testing::KilledBySignal(SIGSEGV),
              "embedder: page fault\nfiberproof: C8: stack overflow [^\n]*\n(    #[^\n]*\n)+$");
}
#endif

// Faults without an address that are no lost signals.

[[maybe_unused, gnu::noinline]] void access_non_canonical() {
  std::uint64_t address = std::uint64_t{1} << 63;
  asm volatile("movb $0, (%0)" : : "r"(address) : "memory");
}

[[maybe_unused, gnu::noinline]] void access_non_canonical_by_rbp() {
  asm volatile(
      "push %%rbp\n\t"
      "mov %0, %%rbp\n\t"
      "movb $0, (%%rbp)\n\t"
      "pop %%rbp"
      :
      : "r"(std::uint64_t{1} << 63)
      : "memory");
}

/// An exception after the instruction, which does not happen again.
[[maybe_unused, gnu::noinline]] void interrupt_4() {
  asm volatile("int $4" : : : "memory");
}

[[maybe_unused, noreturn]] void do_in_continuation(void (*action)()) {
  start_reporting();
  Store store;
  const Entry entry(store);
  run_nested(store, 2, [&] {
    action();
    say("body went on\n");
  });
  std::_Exit(0);
}

#ifndef FIBERPROOF_SANITIZED
TEST(lost_signal, is_not_what_other_faults_without_an_address_are_called) {
  EXPECT_EXIT(do_in_continuation(&access_non_canonical), testing::KilledBySignal(SIGSEGV), "^$");
  EXPECT_EXIT(do_in_continuation(&interrupt_4), testing::KilledBySignal(SIGSEGV), "^$");
  EXPECT_EXIT(do_in_continuation(&access_non_canonical_by_rbp), testing::KilledBySignal(SIGBUS),
              "^$");
}

[[noreturn]] void fault_near_the_limit() {
  start_reporting();
  Store store({.stacks = {.staggered = false}});
  const Entry entry(store);
  run_nested(store, 1, [&] { call_near(store.limits.stack_limit, 400, &access_non_canonical); });
  std::_Exit(0);
}

TEST(lost_signal, may_be_a_protection_fault_where_there_is_no_room_either) {
  EXPECT_EXIT(fault_near_the_limit(), testing::KilledBySignal(SIGSEGV),
              "no room on its stack for the frame of a signal \\(or a general protection fault\\)");
}
#endif

// Where nothing can be said, since no handler can run: the process ends all the same.

[[maybe_unused, noreturn]] void lose_signal_without_reporting() {
  handle_alarm(0);
  lose_signal_at_depth(1);
  std::_Exit(0);
}

[[maybe_unused, noreturn]] void lose_signal_on_a_thread_without_reporting() {
  start_reporting();
  std::thread([] {
    handle_alarm(0);
    lose_signal_at_depth(1);
  }).join();
  std::_Exit(0);
}

[[noreturn]] void overrun_with_alternate_stack(std::optional<std::size_t> bytes) {
  start_reporting();
  handle_alarm(0);
  std::vector<std::byte> memory(bytes.value_or(0));
  const stack_t given{memory.data(), bytes ? 0 : SS_DISABLE, memory.size()};
  if (::sigaltstack(&given, nullptr) != 0) std::_Exit(4);
  lose_signal_at_depth(1);
  std::_Exit(0);
}

[[maybe_unused, noreturn]] void overrun_with_the_signal_blocked() {
  start_reporting();
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGSEGV);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  Store store;
  const Entry entry(store);
  run_nested(store, 1, [] { recurse_without_end(0); });
  std::_Exit(0);
}

#ifndef FIBERPROOF_SANITIZED  // Their runtimes give each thread an alternate stack.
TEST(lost_signal, without_the_report_ends_the_process_without_a_word) {
  EXPECT_EXIT(lose_signal_without_reporting(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(lost_signal, on_a_thread_without_the_report_ends_the_process_without_a_word) {
  EXPECT_EXIT(lose_signal_on_a_thread_without_reporting(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(lost_signal, without_an_alternate_stack_ends_the_process_without_a_word) {
  EXPECT_EXIT(overrun_with_alternate_stack(std::nullopt), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(lost_signal, with_the_signal_blocked_ends_the_process_without_a_word) {
  EXPECT_EXIT(overrun_with_the_signal_blocked(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(lost_signal, with_an_alternate_stack_that_is_large_enough_for_the_kernel_alone) {
  const auto least = static_cast<std::size_t>(::sysconf(_SC_MINSIGSTKSZ));
  EXPECT_EXIT(overrun_with_alternate_stack(2048), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(overrun_with_alternate_stack(least < 6000 ? least + 2000 : 6000),
              testing::KilledBySignal(SIGSEGV),
              "^fiberproof: C8: stack overflow, no room for its report: the alternate signal stack "
              "is too small\n$");
}
#endif

TEST(lost_signal, with_another_alternate_stack_of_the_embedders_is_reported) {
  EXPECT_EXIT(overrun_with_alternate_stack(64 * 1024), dies_of_the_fault, "^" + lost_by("1", "1"));
}

// Overruns of handlers.

[[noreturn]] void overrun_in_a_handler(int flags) {
  start_reporting();
  handle_alarm(0);
  struct sigaction action{};
  action.sa_handler = [](int) { recurse_without_end(0); };
  action.sa_flags = flags;
  ::sigaction(SIGALRM, &action, nullptr);
  Store store;
  const Entry entry(store);
  run_nested(store, 1, &send_alarm);
  std::_Exit(0);
}

TEST(lost_signal, an_overrun_of_a_handler_on_the_stack_of_a_continuation_is_that_ones) {
#ifdef FIBERPROOF_TSAN
  GTEST_SKIP() << "ThreadSanitizer runs a handler of a signal later, elsewhere";
#endif
  EXPECT_EXIT(overrun_in_a_handler(0), dies_of_the_fault,
              "^fiberproof: C8: stack overflow of continuation 1, 1 deep: [^\n]*, access to ");
}

#ifndef FIBERPROOF_SANITIZED
TEST(lost_signal, an_overrun_of_the_alternate_stack_ends_the_process_and_is_no_continuations) {
  EXPECT_EXIT(overrun_in_a_handler(SA_ONSTACK), testing::KilledBySignal(SIGSEGV), "^$");
}

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
TEST(lost_signal, ends_the_first_process_of_a_namespace_too) {
  const long child = fork_first_process();
  if (child < 0) GTEST_SKIP() << "the system makes no PID namespaces for this user";
  if (child == 0) std::_Exit(0);
  status_of(child);
  EXPECT_EXIT(lose_signal_as_first_process(), testing::ExitedWithCode(SIGSEGV), "");
}
#endif

}  // namespace
}  // namespace fiberproof
