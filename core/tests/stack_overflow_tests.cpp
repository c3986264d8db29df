// Stack overflow (C8): an overrun is reported with its continuation, and nothing else is reported.
// Each case overruns in a child process, and judges by its output and its end.
#include "core/stack_overflow.hpp"

#include "core/body.hpp"
#include "core/continuation.hpp"
#include "core/instrumentation.hpp"
#include "core/tests/near_limit.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace fiberproof {
namespace {

constexpr std::uint64_t stack_bytes = 16 * 1024;

// How the process ends after the report: by the signal, or by a sanitizer's own report of it.
bool dies_of_the_fault(int status) {
#ifdef FIBERPROOF_SANITIZED
  return WIFEXITED(status) && WEXITSTATUS(status) != 0;
#else
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
#endif
}

void start_reporting() {
  if (!report_stack_overflows()) std::_Exit(3);
}

/// Runs `innermost` inside `depth` continuations on stacks of 16 KiB.
void run_nested(Store& store, std::size_t depth, const std::function<void()>& innermost) {
  if (depth == 0) {
    innermost();
    return;
  }
  Body body(0, 0, [&](std::span<Value>) { run_nested(store, depth - 1, innermost); });
  EXPECT_TRUE(resume(store, *cont_new(store, &body, stack_bytes)).has_value());
}

/// As many continuations that have ended, so that ids are not depths.
void use_up_ids(Store& store, std::size_t count) {
  for (std::size_t used = 0; used < count; ++used) run_nested(store, 1, [] {});
}

[[noreturn]] void overrun_at_depth(std::size_t depth) {
  start_reporting();
  Store store;
  const Entry entry(store);
  use_up_ids(store, 10);
  run_nested(store, depth, [] { recurse_without_end(0); });
  std::_Exit(0);
}

std::string report_of(std::string_view id, std::string_view where) {
  const std::string address = "0x[0-9a-f]+";
  return "^fiberproof: C8: stack overflow of continuation " + std::string(id) + ", " +
         std::string(where) + ": its 16384 usable bytes end at " + address + ", access to " +
         address + " at rip " + address + ", rsp " + address + "\n    #0 " + address +
         " .executable." + address + ".\n    #1 ";
}

TEST(stack_overflow, of_a_continuation_is_reported_with_its_id) {
  EXPECT_EXIT(overrun_at_depth(1), dies_of_the_fault, report_of("11", "1 deep"));
}

TEST(stack_overflow, of_a_continuation_is_reported_with_the_recursion_and_where_it_began) {
  EXPECT_EXIT(overrun_at_depth(1), dies_of_the_fault,
              "\n    #1 [^\n]*, [0-9]+ times\n    #[0-9]+ 0x[0-9a-f]+ [^\n]*\n    #");
}

TEST(stack_overflow, of_a_nested_continuation_is_reported_with_its_depth) {
  EXPECT_EXIT(overrun_at_depth(3), dies_of_the_fault, report_of("13", "3 deep"));
}

#ifdef FIBERPROOF_ASAN
TEST(stack_overflow, is_reported_by_address_sanitizer_too) {
  EXPECT_EXIT(overrun_at_depth(2), dies_of_the_fault,
              "stack overflow of continuation 12, 2 deep(.|\n)*AddressSanitizer: stack-overflow");
}
#endif

// Frames.

template <std::size_t bytes>
[[gnu::noinline]] void use_large_frame() {
  char local[bytes];
  asm volatile("movb $0, (%0)" : : "r"(local) : "memory");
}

[[noreturn]] void overrun_by_a_frame_near_the_limit(void (*last)()) {
  start_reporting();
  Store store({.stacks = {.staggered = false}});
  const Entry entry(store);
  run_nested(store, 1, [&] { call_near(store.limits.stack_limit, 2500, last); });
  std::_Exit(0);
}

TEST(stack_overflow, by_a_large_frame_just_above_the_limit_is_reported) {
  EXPECT_EXIT(overrun_by_a_frame_near_the_limit(&use_large_frame<3000>), dies_of_the_fault,
              report_of("1", "1 deep"));
}

// This file is compiled with -fstack-clash-protection: without it such a frame begins beyond the
// guard pages, and its owner writes to whatever is mapped there.
TEST(stack_overflow, by_a_frame_that_is_larger_than_the_guard_pages_is_reported) {
  EXPECT_EXIT(overrun_by_a_frame_near_the_limit(&use_large_frame<100'000>), dies_of_the_fault,
              report_of("1", "1 deep"));
}

/// One access, as far below the frame as code without probes would first touch a frame of `bytes`.
template <std::size_t bytes>
[[gnu::noinline]] void touch_lowest_of_frame() {
  asm volatile(
      "sub %0, %%rsp\n\t"
      "movb $0, (%%rsp)\n\t"
      "add %0, %%rsp"
      :
      : "i"(bytes)
      : "memory");
}

/// Stacks that are mapped one after another lie side by side: below the guard pages is another one.
[[noreturn]] void overrun_without_probes(std::uint32_t guard_bytes, void (*last)()) {
  start_reporting();
  Store store({.stacks = {.staggered = false, .guard_bytes = guard_bytes}});
  const Entry entry(store);
  Body idle(0, 0, [](std::span<Value>) {});
  run_nested(store, 1, [&] {
    for (int count = 0; count < 16; ++count) {
      static_cast<void>(cont_new(store, &idle, stack_bytes));
    }
    call_near(store.limits.stack_limit, 2500, last);
  });
  std::_Exit(0);
}

TEST(stack_overflow, by_a_small_frame_without_probes_is_reported) {
  constexpr std::uint32_t by_default = guard_bytes_default;
  EXPECT_EXIT(overrun_without_probes(by_default, &touch_lowest_of_frame<26 * 1024>),
              dies_of_the_fault, report_of("1", "1 deep"));
  EXPECT_EXIT(overrun_without_probes(by_default, &touch_lowest_of_frame<65'000>), dies_of_the_fault,
              report_of("1", "1 deep"));
  EXPECT_EXIT(overrun_without_probes(1024 * 1024, &touch_lowest_of_frame<512 * 1024>),
              dies_of_the_fault, report_of("1", "1 deep"));
  EXPECT_EXIT(overrun_without_probes(4096, &touch_lowest_of_frame<4096>), dies_of_the_fault,
              report_of("1", "1 deep"));
}

/// Where nothing is mapped below the guard pages either.
TEST(stack_overflow, by_a_frame_that_steps_over_the_guard_pages_is_reported_at_its_fault) {
  EXPECT_EXIT(overrun_without_probes(4096, &touch_lowest_of_frame<std::size_t{1} << 30>),
              dies_of_the_fault, report_of("1", "1 deep"));
}

// Other threads, other entries.

[[noreturn]] void overrun_on_another_thread() {
  std::thread([] { overrun_at_depth(2); }).join();
  std::_Exit(0);
}

TEST(stack_overflow, on_another_thread_is_reported) {
  EXPECT_EXIT(overrun_on_another_thread(), dies_of_the_fault, report_of("12", "2 deep"));
}

[[noreturn]] void overrun_inside_an_entry_in_a_body(std::size_t inner_depth) {
  start_reporting();
  Store outer;
  const Entry entry(outer);
  run_nested(outer, 3, [&] {
    Store inner;
    const Entry inner_entry(inner);
    use_up_ids(inner, 5);
    run_nested(inner, inner_depth, [] { recurse_without_end(0); });
  });
  std::_Exit(0);
}

TEST(stack_overflow, under_an_inner_entry_names_the_inner_continuation) {
  EXPECT_EXIT(overrun_inside_an_entry_in_a_body(2), dies_of_the_fault, report_of("7", "2 deep"));
}

TEST(stack_overflow, of_a_body_with_an_entry_names_the_outer_continuation) {
  EXPECT_EXIT(overrun_inside_an_entry_in_a_body(0), dies_of_the_fault, report_of("3", "3 deep"));
}

// Faults that are no overflow of a continuation. The previous handler prints what it got; the
// patterns match the whole output of the process.

void previous_handler(int signal, siginfo_t* info, void*) {
  const bool fault_at_64 = info->si_addr == reinterpret_cast<void*>(64);
  const std::string_view text = signal == SIGBUS ? "previous handler: bus\n"
                                : fault_at_64    ? "previous handler: 64\n"
                                                 : "previous handler: elsewhere\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  std::_Exit(7);
}

void start_reporting_after_another_handler() {
  struct sigaction action{};
  action.sa_sigaction = &previous_handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigaction(SIGSEGV, &action, nullptr);
  ::sigaction(SIGBUS, &action, nullptr);
  start_reporting();
}

[[noreturn]] void do_in_continuation(void (*action)()) {
  start_reporting_after_another_handler();
  Store store;
  const Entry entry(store);
  run_nested(store, 2, action);
  std::_Exit(0);
}

[[gnu::noinline]] void access_64() {
  std::uintptr_t address = 64;
  asm volatile("" : "+r"(address));
  *reinterpret_cast<volatile char*>(address) = 0;
}

TEST(stack_overflow, is_not_reported_for_a_null_dereference) {
  EXPECT_EXIT(do_in_continuation(&access_64), ::testing::ExitedWithCode(7),
              "^previous handler: 64\n$");
}

TEST(stack_overflow, is_passed_to_the_previous_handler_after_the_report) {
  EXPECT_EXIT(do_in_continuation([] { recurse_without_end(0); }), ::testing::ExitedWithCode(7),
              report_of("2", "2 deep") + "(.|\n)*previous handler: elsewhere\n$");
}

TEST(stack_overflow, is_not_reported_for_a_sent_signal) {
  EXPECT_EXIT(do_in_continuation([] { ::raise(SIGBUS); }), ::testing::ExitedWithCode(7),
              "^previous handler: bus\n$");
}

[[noreturn]] void overrun_own_stack_of_thread() {
  start_reporting_after_another_handler();
  Store store;
  const Entry entry(store);
  run_nested(store, 2, [] {});
  recurse_without_end(0);
  std::_Exit(0);
}

TEST(stack_overflow, of_the_threads_own_stack_is_not_reported) {
  EXPECT_EXIT(overrun_own_stack_of_thread(), ::testing::ExitedWithCode(7),
              "^previous handler: elsewhere\n$");
}

const Tag wait_tag("wait");
const Tag* const wait_tags[] = {&wait_tag};

[[noreturn]] void touch_guard_page_of_suspended() {
  start_reporting_after_another_handler();
  Store store;
  const Entry entry(store);
  Body body(0, 0, [](Store& running, std::span<Value>) { (void)suspend(running, wait_tag); });
  const auto suspended =
      resume(store, *cont_new(store, &body, stack_bytes), {}, Handlers::suspends(wait_tags));
  const std::uint64_t guard_page = suspended->handle.record->stack->guard_pages().first;
  *reinterpret_cast<volatile char*>(guard_page) = 1;
  std::_Exit(0);
}

TEST(stack_overflow, is_not_reported_for_an_access_from_elsewhere_to_a_guard_page) {
  EXPECT_EXIT(touch_guard_page_of_suspended(), ::testing::ExitedWithCode(7),
              "^fiberproof: C8: access from elsewhere to a guard page of continuation 1, in no "
              "active chain: (.|\n)*previous handler: elsewhere\n$");
}

[[noreturn]] void touch_guard_page_of_ended() {
  start_reporting_after_another_handler();
  Store store;
  const Entry entry(store);
  std::uint64_t guard_page = 0;
  run_nested(store, 1, [&] {
    guard_page = static_cast<Continuation&>(*store.active).stack->guard_pages().first;
  });
  *reinterpret_cast<volatile char*>(guard_page) = 1;
  std::_Exit(0);
}

TEST(stack_overflow, is_not_reported_for_a_guard_page_without_a_continuation) {
  EXPECT_EXIT(touch_guard_page_of_ended(), ::testing::ExitedWithCode(7),
              "^previous handler: elsewhere\n$");
}

[[noreturn]] void raise_fault_without_entry() {
  start_reporting();
  access_64();
  std::_Exit(0);
}

TEST(stack_overflow, reporting_keeps_the_default_action_of_other_faults) {
  EXPECT_EXIT(raise_fault_without_entry(), dies_of_the_fault, "");
}

// As a child that resets the signals which it inherits.
[[noreturn]] void overrun_after_the_default_action_was_restored() {
  start_reporting();
  ::signal(SIGSEGV, SIG_DFL);
  overrun_at_depth(1);
}

TEST(stack_overflow, reporting_begins_again_after_the_default_action_was_restored) {
  // Also under a sanitizer, whose handler has gone.
  EXPECT_EXIT(overrun_after_the_default_action_was_restored(), ::testing::KilledBySignal(SIGSEGV),
              report_of("11", "1 deep"));
}

[[noreturn]] void access_under_a_handler_that_came_later() {
  start_reporting();
  ::signal(SIGSEGV, [](int) { std::_Exit(9); });
  start_reporting();
  access_64();
  std::_Exit(0);
}

TEST(stack_overflow, reporting_leaves_a_handler_that_came_later_in_its_place) {
  EXPECT_EXIT(access_under_a_handler_that_came_later(), ::testing::ExitedWithCode(9), "^$");
}

#ifndef FIBERPROOF_SANITIZED
[[noreturn]] void raise_segmentation_fault() {
  start_reporting();
  ::raise(SIGSEGV);
  std::_Exit(0);
}

TEST(stack_overflow, reporting_keeps_the_default_action_of_a_sent_signal) {
  EXPECT_EXIT(raise_segmentation_fault(), ::testing::KilledBySignal(SIGSEGV), "^$");
}
#endif

// The alternate stack.

[[noreturn]] void exit_with_whether_alternate_stack_is_kept() {
  std::vector<std::byte> own(64 * 1024);
  const stack_t given{own.data(), 0, own.size()};
  ::sigaltstack(&given, nullptr);
  start_reporting();
  start_reporting();
  stack_t found{};
  ::sigaltstack(nullptr, &found);
  const bool kept = found.ss_sp == own.data();
  std::_Exit(kept ? 0 : 1);
}

TEST(stack_overflow, reporting_keeps_an_alternate_stack_that_is_large_enough) {
  EXPECT_EXIT(exit_with_whether_alternate_stack_is_kept(), ::testing::ExitedWithCode(0), "^$");
}

[[noreturn]] void start_reporting_on_threads_that_end() {
  for (int thread = 0; thread < 3; ++thread) {
    std::thread([] {
      start_reporting();
      start_reporting();
    }).join();
  }
  overrun_at_depth(1);
}

TEST(stack_overflow, is_reported_after_other_threads_have_ended) {
  EXPECT_EXIT(start_reporting_on_threads_that_end(), dies_of_the_fault, report_of("11", "1 deep"));
}

}  // namespace
}  // namespace fiberproof
