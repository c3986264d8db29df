// Switching between peers: one chain is suspended and another runs in its place, under the stack
// whose handler was found, in one step.
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"
#include "core/tests/switch_peers.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof {
namespace {

// Two, three, and many.

TEST(switch_to, passes_a_fresh_peer_the_values_and_the_handle) {
  Store store;
  const Entry entry(store);
  Handle first;
  Body second_body(3, 1, [&](std::span<Value> values) {
    EXPECT_TRUE(are_numbers(values.first(2), {1, 2}));
    const Handle left = to_handle(values[2]);
    EXPECT_EQ(left.record, first.record);
    EXPECT_EQ(left.revision, first.record->revision);
    EXPECT_EQ(first.record->state, State::suspended);
    EXPECT_EQ(first.record->last_ancestor, first.record);
    EXPECT_EQ(store.active->state, State::running);
    values[0] = values[2];
  });
  Body first_body(0, 1, [&](std::span<Value> values) {
    checked::switch_to(store, checked::cont_new(store, second_body), peer.tag, numbers(1, 2));
    values[0] = number(3);
  });
  first = checked::cont_new(store, first_body);
  const Value left = checked::resume_to_end(store, first, {}, peer.switches)[0];
  EXPECT_EQ(to_handle(left).record, first.record);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, to_handle(left)), {3}));
}

TEST(switch_to, passes_a_suspended_peer_the_values_and_the_handle) {
  Store store;
  const Entry entry(store);
  Body waits(0, 1, [&](std::span<Value> values) {
    std::array<Value, 4> room;
    const auto received = checked::suspend(store, yield.tag, {}, room);
    EXPECT_EQ(received.size(), 3u);
    EXPECT_TRUE(are_numbers(received.first(2), {1, 2}));
    values[0] = received.back();
  });
  const Handle waiting = checked::suspended(store, waits, yield.suspends);
  Body body(0, 1, [&](std::span<Value> values) {
    checked::switch_to(store, waiting, peer.tag, numbers(1, 2));
    values[0] = number(3);
  });
  const Handle handle = checked::cont_new(store, body);
  const Value left = checked::resume_to_end(store, handle, {}, peer.switches)[0];
  EXPECT_EQ(to_handle(left).record, handle.record);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, to_handle(left)), {3}));
}

TEST(switch_to, puts_its_values_after_the_bound_ones) {
  Store store;
  const Entry entry(store);
  Body takes(3, 1, [&](std::span<Value> values) {
    EXPECT_TRUE(are_numbers(values.first(2), {1, 2}));
    values[0] = values[2];
  });
  const Handle bound = checked::cont_bind(store, checked::cont_new(store, takes), numbers(1));
  Body body(0, 0,
            [&](std::span<Value>) { checked::switch_to(store, bound, peer.tag, numbers(2)); });
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, body), {}, peer.switches)[0];
  checked::resume_to_end(store, to_handle(left));
}

/// Peers in a ring, each of which hands a number on to the next until there were enough.
class Ring {
 public:
  Ring(Store& store, std::size_t size, std::uint64_t hops) : store_(store), hops_(hops) {
    for (std::size_t index = 0; index < size; ++index) {
      bodies_.emplace_back(2, 1, Member{this, index});
    }
    for (const auto& body : bodies_) handles_.push_back(checked::cont_new(store, body));
  }

  /// The number that went round when one of them returned.
  std::uint64_t run() {
    const std::array<Value, 2> first{Value{0, 0}, to_value({})};
    return checked::resume_to_end(store_, handles_[0], first, peer.switches)[0].low;
  }

  /// Resumes all that are suspended now; each returns.
  void finish() {
    for (std::size_t index = 0; index < handles_.size(); ++index) {
      if (handles_[index].record != nullptr) {
        checked::resume_to_end(store_, handles_[index]);
      }
    }
  }

 private:
  struct Member {
    Ring* ring;
    std::size_t index;
    void operator()(std::span<Value> values) const { ring->take_part(index, values); }
  };

  void take_part(std::size_t index, std::span<Value> values) {
    const std::size_t size = handles_.size();
    std::span<const Value> received = values;
    std::array<Value, 2> room;
    std::uint64_t count = 0;
    while (received.size() == 2) {
      count = received[0].low;
      if (const Handle left = to_handle(received[1]); left.record != nullptr) {
        handles_[(index + size - 1) % size] = left;
      }
      if (count == hops_) break;
      const Value next{count + 1, 0};
      const Handle to = std::exchange(handles_[(index + 1) % size], {});
      received = checked::switch_to(store_, to, peer.tag, {&next, 1}, room);
    }
    values[0] = {count, 0};
  }

  Store& store_;
  std::uint64_t hops_;
  std::deque<Body<Member>> bodies_;
  std::vector<Handle> handles_;
};

TEST(switch_to, rotates_among_two_three_and_a_hundred_peers) {
  for (const std::size_t size : {2u, 3u, 100u}) {
    for (const std::uint64_t hops : {1u, 2u, 5u, 600u}) {
      Store store;
      const Entry entry(store);
      Ring ring(store, size, hops);
      EXPECT_EQ(ring.run(), hops);
      EXPECT_EQ(store.live_count(), size - 1);
      for (const Continuation& record : store.records()) {
        if (record.state == State::fresh) {
          EXPECT_LT(hops, size) << "or it would have had its turn";
        }
      }
    }
  }
}

TEST(switch_to, leaves_peers_that_can_be_resumed) {
  Store store;
  const Entry entry(store);
  Ring ring(store, 3, 8);
  EXPECT_EQ(ring.run(), 8u);
  EXPECT_EQ(store.live_count(), 2u);
  ring.finish();
  EXPECT_EQ(store.live_count(), 0u);
}

// Chains.

TEST(switch_to, cuts_off_a_chain_of_several_stacks) {
  for (const std::uint64_t depth : {2u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    DeepChain chain([&](Store&) {
      std::array<Value, 2> room;
      const Handle to = checked::cont_new(store, returns_handle);
      EXPECT_TRUE(are_numbers(checked::switch_to(store, to, peer.tag, {}, room), {4, 5}));
      return number(6);
    });
    const Handle outermost = checked::cont_new(store, chain);
    const Handle left =
        to_handle(checked::resume_to_end(store, outermost, numbers(depth), peer.switches)[0]);
    EXPECT_EQ(left.record->state, State::suspended);
    EXPECT_EQ(left.record->last_ancestor, outermost.record);
    EXPECT_EQ(store.live_count(), depth);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, left, numbers(4, 5)), {6}));
    EXPECT_EQ(store.live_count(), 0u);
  }
}

TEST(switch_to, resumes_a_chain_of_several_stacks) {
  for (const std::uint64_t depth : {2u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    DeepChain chain([&](Store&) {
      std::array<Value, 2> room;
      const auto received = checked::suspend(store, yield.tag, {}, room);
      EXPECT_EQ(received[0], number(1));
      return received[1];
    });
    const Handle waiting = checked::suspended(store, chain, yield.suspends, numbers(depth));
    const Continuation& last = *waiting.record->last_ancestor;
    Body body(0, 0,
              [&](std::span<Value>) { checked::switch_to(store, waiting, peer.tag, numbers(1)); });
    const Handle handle = checked::cont_new(store, body);
    const Value left = checked::resume_to_end(store, handle, {}, peer.switches)[0];
    EXPECT_EQ(last.state, State::returned);
    EXPECT_EQ(to_handle(left).record, handle.record);
    checked::resume_to_end(store, to_handle(left));
  }
}

TEST(switch_to, and_back_keeps_both_chains) {
  for (const std::uint64_t depth : {1u, 3u}) {
    Store store;
    const Entry entry(store);
    constexpr std::uint64_t rounds = 10;
    // Sends 0, 1, 2 …, and is sent `ahead` more each time.
    const auto take_turns = [&](Handle to, std::uint64_t ahead) {
      std::array<Value, 2> room;
      for (std::uint64_t round = 0; round < rounds; ++round) {
        const Value sent = number(round);
        const auto received = checked::switch_to(store, to, peer.tag, {&sent, 1}, room);
        EXPECT_EQ(received.size(), 2u);
        EXPECT_EQ(received[0], number(round + ahead));
        to = to_handle(received[1]);
      }
      return number(depth);
    };
    DeepChain answers([&](Store&) {
      std::array<Value, 2> room;
      const auto received = checked::suspend(store, yield.tag, {}, room);
      EXPECT_EQ(received[0], number(0));
      return take_turns(to_handle(received[1]), 1);
    });
    const Handle answering = checked::suspended(store, answers, yield.suspends, numbers(depth));
    DeepChain asks([&](Store&) { return take_turns(answering, 0); });
    checked::resume_to_end(store, checked::cont_new(store, asks), numbers(depth), peer.switches);
    EXPECT_EQ(store.live_count(), depth) << "the other chain waits in its last switch";
  }
}

}  // namespace
}  // namespace fiberproof
