// Death signals: each is named before the handler that was there, and one without a handler stays
// the business of the wait status.
#include "fuzz/replay/child_process.hpp"
#include "fuzz/replay/death_signal.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace fiberproof::fuzz {
namespace {

constexpr unsigned seconds_max = 10;
constexpr int exit_of_the_engine = 77;

// An engine's handler: it reports and ends the process.
void report_and_exit(int) {
  constexpr char text[] = "engine: deadly signal\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, sizeof text - 1);
  ::_exit(exit_of_the_engine);
}

ChildEnd child_that_raises(int number, bool has_handler) {
  auto end = run_in_child(seconds_max, [=](int) {
    ::signal(number, has_handler ? &report_and_exit : SIG_DFL);
    name_death_signals();
    ::raise(number);
  });
  EXPECT_TRUE(end.has_value());
  return end.value_or(ChildEnd{});
}

TEST(death_signal, is_named_before_the_handler_that_was_there) {
  for (const auto& [number, name] : {std::pair{SIGILL, "SIGILL"}, std::pair{SIGSEGV, "SIGSEGV"},
                                     std::pair{SIGFPE, "SIGFPE"}, std::pair{SIGABRT, "SIGABRT"}}) {
    const ChildEnd end = child_that_raises(number, true);
    EXPECT_TRUE(WIFEXITED(end.status));
    EXPECT_EQ(WEXITSTATUS(end.status), exit_of_the_engine);
    EXPECT_EQ(end.errors, std::string("fiberproof: dies by ") + name + "\nengine: deadly signal\n");
  }
}

TEST(death_signal, without_a_handler_keeps_its_default_action) {
  for (const int number : {SIGILL, SIGKILL}) {
    const ChildEnd end = child_that_raises(number, false);
    EXPECT_TRUE(WIFSIGNALED(end.status));
    EXPECT_EQ(WTERMSIG(end.status), number);
    EXPECT_EQ(end.errors, "");
  }
}

}  // namespace
}  // namespace fiberproof::fuzz
