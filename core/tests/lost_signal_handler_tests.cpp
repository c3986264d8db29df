// Lost signals and other handlers (C8): those that were installed before the report's, and those
// that overrun their stack.
#include "core/instrumentation.hpp"
#include "core/tests/lost_signal.hpp"
#include "core/tests/near_limit.hpp"

#include <signal.h>
#include <ucontext.h>

#include <gtest/gtest.h>
#include <setjmp.h>
#include <unistd.h>
#include <cstdlib>
#include <functional>

namespace fiberproof {
namespace {

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

TEST(previous_handler, may_return_and_the_process_ends) {
  EXPECT_EXIT(lose_signal_after(&on_fault_of_embedder), testing::KilledBySignal(SIGSEGV),
              "^" + lost_by("1", "1") + "(.|\n)*embedder: no address\n$");
}

TEST(previous_handler, may_restore_the_default_action_and_the_process_ends) {
  EXPECT_EXIT(lose_signal_after([](int signal, siginfo_t*, void*) { ::signal(signal, SIG_DFL); }),
              testing::KilledBySignal(SIGSEGV), "^" + lost_by("1", "1") + "[^w]*$");
}

TEST(previous_handler, may_continue_elsewhere) {
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

TEST(previous_handler, may_recover_and_the_next_lost_signal_is_reported) {
  EXPECT_EXIT(
      recover_twice([](Store& store) { call_near(store.limits.stack_limit, 400, &send_alarm); }),
      testing::ExitedWithCode(0),
      "^(fiberproof: C8: stack overflow of continuation 1, [^\n]*frame of a signal[^\n]*\n"
      "(    #[^\n]*\n)+embedder: no address\nrecovered\n){2}$");
}

TEST(previous_handler, may_recover_from_an_overrun_and_the_next_is_reported) {
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

TEST(previous_handler, with_resethand_runs_once) {
  EXPECT_EXIT(overrun_after_a_handler_that_runs_once(), testing::KilledBySignal(SIGSEGV),
              "embedder: page fault\nfiberproof: C8: stack overflow [^\n]*\n(    #[^\n]*\n)+$");
}
#endif

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

TEST(handler_overrun, on_a_continuation_stack_is_reported_with_that_continuation) {
#ifdef FIBERPROOF_TSAN
  GTEST_SKIP() << "ThreadSanitizer runs a handler of a signal later, elsewhere";
#endif
  EXPECT_EXIT(overrun_in_a_handler(0), dies_of_the_fault,
              "^fiberproof: C8: stack overflow of continuation 1, 1 deep: [^\n]*, access to ");
}

#ifndef FIBERPROOF_SANITIZED
TEST(handler_overrun, of_the_alternate_stack_ends_the_process_without_a_report) {
  EXPECT_EXIT(overrun_in_a_handler(SA_ONSTACK), testing::KilledBySignal(SIGSEGV), "^$");
}
#endif

}  // namespace
}  // namespace fiberproof
