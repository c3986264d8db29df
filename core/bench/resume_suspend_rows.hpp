// Resume and suspend as a user of each library writes them, passing nothing, and passing one word
// each way. The peers hand words over by a variable that both sides know.
#pragma once

#include "core/bench/measure.hpp"
#include "core/bench/stacks.hpp"
#include "core/bench/switch_row.hpp"

#include <cstdint>

namespace fiberproof::bench {

struct Mailbox {
  std::uint64_t to_fiber = 0;
  std::uint64_t from_fiber = 0;
};

/// Answers each word with its successor.
template <class Fiber>
[[gnu::noinline]] void answer_and_yield(Fiber& self, void* argument) {
  auto& mailbox = *static_cast<Mailbox*>(argument);
  for (;;) {
    mailbox.from_fiber = mailbox.to_fiber + 1;
    self.yield();
  }
}

/// Sends what was answered last: after n turns that is n.
template <class Fiber>
[[gnu::noinline]] void send_repeatedly(Fiber& fiber, Mailbox& mailbox, std::uint64_t times) {
  for (; times != 0; --times) {
    mailbox.to_fiber = mailbox.from_fiber;
    fiber.resume();
  }
}

template <class Fiber>
Work measure_handing_over(benchmark::State& state) {
  Mailbox mailbox;
  Fiber fiber(used_stack(), answer_and_yield<Fiber>, &mailbox);
  const std::uint64_t pairs = time_batches(state, switches_in_batch, [&](std::uint64_t batch) {
    send_repeatedly(fiber, mailbox, batch);
  });
  return {pairs, mailbox.from_fiber};
}

}  // namespace fiberproof::bench
