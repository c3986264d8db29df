// Children that are to end before they do so by themselves.
#include "fuzz/replay/child_process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

namespace fiberproof::fuzz {
namespace {

constexpr unsigned seconds_max = 100;

TEST(child_process, that_says_nothing_ends_when_the_children_are_to_end) {
  // In a process of its own: after end_children() there are no children any more.
  const auto end_while_one_runs = [] {
    std::jthread ender([] {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      end_children();
    });
    const auto begin = std::chrono::steady_clock::now();
    const auto end = run_in_child(seconds_max, [](int) { ::pause(); });
    const bool is_soon = std::chrono::steady_clock::now() - begin < std::chrono::seconds(30);
    const auto later = run_in_child(seconds_max, [](int) { std::_Exit(0); });
    std::_Exit(is_soon && !end && end.error() == children_ended && !later ? 0 : 1);
  };
  EXPECT_EXIT(end_while_one_runs(), testing::ExitedWithCode(0), "");
}

TEST(child_process, that_ends_by_itself_is_told_whole) {
  const auto end = run_in_child(seconds_max, [](int pipe) {
    const std::string text(100'000, 'x');
    if (::write(pipe, text.data(), text.size()) < 0) std::abort();
    ::usleep(250'000);
    if (::write(pipe, "y", 1) < 0) std::abort();
  });
  ASSERT_TRUE(end);
  EXPECT_EQ(end->status, 0);
  EXPECT_EQ(end->reported.size(), 100'001u);
}

}  // namespace
}  // namespace fiberproof::fuzz
