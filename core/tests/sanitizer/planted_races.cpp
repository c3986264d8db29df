// ThreadSanitizer: a continuation beside a thread that touches the same memory, and a store that is
// handed over without an order that a tool could see.
#include "core/tests/sanitizer/self_test.hpp"

#include <atomic>
#include <cstdint>
#include <thread>

namespace fiberproof::self_test {
namespace {

/// Without an order between the threads.
void wait_for(const std::atomic<bool>& flag) {
  while (!flag.load(std::memory_order_relaxed)) {
    std::this_thread::yield();
  }
}

void handed_over_without_order() {
  Store store;
  std::uint64_t number = 0;
  const Body body(0, 0, [&](Store& own, std::span<Value>) {
    while (true) {
      ++*opaque(&number);
      pause(own);
    }
  });
  Outcome paused{};
  std::atomic<bool> ready = false;
  std::thread other([&] {
    wait_for(ready);
    const Entry entry(store);
    go_on(store, paused);
  });
  {
    const Entry entry(store);
    paused = begin(store, body);
  }
  ready.store(true, std::memory_order_relaxed);
  other.join();
}

void a_fiber_beside_a_thread() {
  std::uint64_t number = 0;
  std::atomic<bool> written = false;
  std::thread other([&] {
    run_on_fiber([&](Store& own) {
      pause(own);
      ++*opaque(&number);
    });
    written.store(true, std::memory_order_relaxed);
  });
  wait_for(written);
  ++*opaque(&number);
  other.join();
}

constexpr Mode modes[] = {
    {"a-fiber-beside-a-thread", a_fiber_beside_a_thread},
    {"handed-over-without-order", handed_over_without_order},
};

}  // namespace

std::span<const Mode> planted_races() {
  return modes;
}

}  // namespace fiberproof::self_test
