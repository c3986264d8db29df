// How fast a build with a sanitizer switches, to compare builds by hand: `sanitizer_self_test
// speed`.
#include "core/tests/sanitizer/self_test.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace fiberproof::self_test {
namespace {

template <class Action>
void print_rate(const char* name, Action action) {
  const auto start = std::chrono::steady_clock::now();
  const std::uint64_t switches = action();
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  std::printf("%s: %.0f switches per second\n", name,
              static_cast<double>(switches) / spent.count());
}

std::uint64_t resume_and_suspend(std::uint64_t wanted) {
  std::uint64_t switches = 0;
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    while (true) pause(own);
  });
  Outcome paused = begin(store, body);
  for (; switches < wanted; switches += 2) {
    paused = go_on(store, paused);
  }
  return switches;
}

std::uint64_t create_and_return(std::uint64_t wanted) {
  std::uint64_t switches = 0;
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](std::span<Value>) {});
  for (; switches < wanted; switches += 2) {
    begin(store, body);
  }
  return switches;
}

std::uint64_t create_and_abandon(std::uint64_t wanted) {
  std::uint64_t switches = 0;
  Store store;
  const Entry entry(store);
  const Body body(0, 0, [](Store& own, std::span<Value>) { pause(own); });
  for (; switches < wanted; switches += 2) {
    require(abandon(store, begin(store, body).handle).has_value(), "an abandonment");
  }
  return switches;
}

void speed() {
  print_rate("resume and suspend", [] { return resume_and_suspend(2'000'000); });
  print_rate("create and return", [] { return create_and_return(400'000); });
  print_rate("create and abandon", [] { return create_and_abandon(100'000); });
  print_rate("mixed", [] { return switch_validly(200'000); });
}

constexpr Mode modes[] = {{"speed", speed}};

}  // namespace

std::span<const Mode> measured_modes() {
  return modes;
}

}  // namespace fiberproof::self_test
