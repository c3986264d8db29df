// Two threads: with a store each; and passing one store to and fro under a mutex, so that a
// suspended continuation resumes on either, also inside an exception handler.
#include "core/tests/sanitizer/self_test.hpp"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace fiberproof::self_test {
namespace {

constexpr std::uint32_t turns = 20'000;

/// A store and what runs there, for one thread at a time.
struct Shared {
  Store store;
  std::uint64_t number = 0;
  Outcome paused{};
};

[[gnu::noinline]] void count_and_pause(Store& own, std::uint64_t& number) {
  std::uint64_t before = number;
  ++*opaque(&number);
  pause(own);
  require(++before == number, "one step for each turn");
}

// On one thread to the pause, and on the other from there on: also inside a handler.
void count_turns(Store& own, std::uint64_t& number) {
  for (std::uint32_t turn = 0; turn < turns; ++turn) {
    if (turn % 4 != 0) {
      count_and_pause(own, number);
      continue;
    }
    try {
      throw turn;
    } catch (std::uint32_t) {
      count_and_pause(own, number);
      try {
        throw;
      } catch (std::uint32_t again) {
        require(again == turn, "its own exception on whichever thread");
      }
    }
  }
}

/// One turn of one thread: the lasting continuation, and one that lives for a turn of each.
struct Turn {
  Shared& shared;
  const Function& lasting;
  const Function& short_lived;
  Outcome& paused;

  void take(std::uint32_t turn) const {
    Store& store = shared.store;
    const Entry entry(store);
    shared.paused = turn == 0 ? begin(store, lasting) : go_on(store, shared.paused);
    if (turn % 2 == 0) {
      paused = begin(store, short_lived);
    } else if (turn % 16 == 1) {
      require(abandon(store, paused.handle).has_value(), "an abandonment");
    } else {
      go_on(store, paused);
    }
  }
};

void handed_over_under_a_mutex() {
  Shared shared;
  const Body lasting(0, 0, [&](Store& own, std::span<Value>) { count_turns(own, shared.number); });
  const Body short_lived(0, 0, [](Store& own, std::span<Value>) { pause(own); });
  Outcome paused{};
  const Turn one_turn{shared, lasting, short_lived, paused};
  std::mutex mutex;
  std::condition_variable changed;
  std::uint32_t turn = 0;
  const auto take_turns = [&](std::uint32_t remainder) {
    while (true) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return turn == turns || turn % 2 == remainder; });
      if (turn == turns) return;
      one_turn.take(turn);
      ++turn;
      changed.notify_one();
    }
  };
  std::thread other(take_turns, 1);
  take_turns(0);
  other.join();
  require(shared.number == turns, "as many steps as turns");
}

// Nothing is shared, so nothing needs an order.
void a_store_for_each_thread() {
  const auto use_a_store = [] {
    Store store;
    const Entry entry(store);
    std::uint64_t number = 0;
    const Body body(0, 0, [&](Store& own, std::span<Value>) {
      try {
        count_and_pause(own, number);
        throw number;
      } catch (std::uint64_t) {
        pause(own);
      }
    });
    for (std::uint32_t turn = 0; turn < turns / 4; ++turn) {
      const Outcome paused = go_on(store, begin(store, body));
      if (turn % 16 == 0) {
        require(abandon(store, paused.handle).has_value(), "an abandonment");
      } else {
        go_on(store, paused);
      }
    }
    require(number == turns / 4, "as many steps as turns");
  };
  std::thread other(use_a_store);
  use_a_store();
  other.join();
}

constexpr Mode modes[] = {
    {"a-store-for-each-thread", a_store_for_each_thread},
    {"handed-over-under-a-mutex", handed_over_under_a_mutex},
};

}  // namespace

std::span<const Mode> valid_threads() {
  return modes;
}

}  // namespace fiberproof::self_test
