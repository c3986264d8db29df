// Faults that are reported as no lost signal, and lost signals that cannot be reported because no
// handler can run (C8). The process ends all the same.
#include "core/instrumentation.hpp"
#include "core/tests/lost_signal.hpp"
#include "core/tests/near_limit.hpp"

#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

namespace fiberproof {
namespace {

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
TEST(unreported_fault, without_an_address_is_not_called_a_lost_signal) {
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

TEST(unreported_fault, near_the_limit_may_be_a_protection_fault) {
  EXPECT_EXIT(fault_near_the_limit(), testing::KilledBySignal(SIGSEGV),
              "no room on its stack for the frame of a signal \\(or a general protection fault\\)");
}
#endif

// Lost signals that no handler can report.

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
TEST(unreported_fault, if_reports_were_not_asked_for) {
  EXPECT_EXIT(lose_signal_without_reporting(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(unreported_fault, on_a_thread_that_did_not_ask_for_reports) {
  EXPECT_EXIT(lose_signal_on_a_thread_without_reporting(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(unreported_fault, without_an_alternate_stack) {
  EXPECT_EXIT(overrun_with_alternate_stack(std::nullopt), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(unreported_fault, with_the_signal_blocked) {
  EXPECT_EXIT(overrun_with_the_signal_blocked(), testing::KilledBySignal(SIGSEGV), "^$");
}

TEST(unreported_fault, with_an_alternate_stack_too_small_for_the_report) {
  const auto least = static_cast<std::size_t>(::sysconf(_SC_MINSIGSTKSZ));
  EXPECT_EXIT(overrun_with_alternate_stack(2048), testing::KilledBySignal(SIGSEGV), "");
  EXPECT_EXIT(overrun_with_alternate_stack(least < 6000 ? least + 2000 : 6000),
              testing::KilledBySignal(SIGSEGV),
              "^fiberproof: C8: stack overflow, no room for its report: the alternate signal stack "
              "is too small\n$");
}
#endif

TEST(unreported_fault, does_not_include_the_embedders_large_alternate_stack) {
  EXPECT_EXIT(overrun_with_alternate_stack(64 * 1024), dies_of_the_fault, "^" + lost_by("1", "1"));
}

}  // namespace
}  // namespace fiberproof
