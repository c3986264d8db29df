// A million valid switches of every kind: values through resumes, suspensions, switches and
// results; nested chains that are suspended as a whole; peers; exceptions and traps
// (valid_exceptions.cpp); abandoned chains; a store inside another; stacks of the pool, of the
// caller's memory, and mapped for one continuation. The order is random and the same in every run.
#include "core/tests/sanitizer/valid_switches.hpp"

#include "core/stack.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace fiberproof::self_test {

std::uint32_t random_below(std::uint32_t end) {
  // xorshift64* (Vigna, 2016).
  static std::uint64_t state = 1;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return static_cast<std::uint32_t>((state * 0x2545f4914f6cdd1d >> 32) % end);
}

bool rarely() {
  return random_below(32) == 0;
}

Handle fresh(Store& store, const Function& body) {
  // Different sizes, so that stacks of the pool are used in a changing order.
  const auto made = cont_new(store, &body, random_below(4) == 0 ? 32 * 1024 : 0);
  require(made.has_value(), "a new continuation");
  return *made;
}

Outcome run(Store& store, Handle handle, std::span<const Value> values, const Handlers& handlers) {
  const auto outcome = resume(store, handle, values, handlers);
  require(outcome.has_value(), "no trap");
  switches += 2;
  return *outcome;
}

Value suspend_for_value(Store& store, const Tag& tag, std::span<const Value> values) {
  std::array<Value, 1> room;
  const auto received = suspend(store, tag, values, room);
  require(received.has_value(), "a handler");
  require(received->size() == 1, "one value");
  return room.front();
}

void nest(Store& store, std::uint32_t depth, std::uint32_t rounds) {
  if (depth == 0) {
    for (std::uint32_t round = 0; round < rounds; ++round) {
      const Value given{round, depth};
      require(suspend_for_value(store, far_tag, {&given, 1}).low == round, "the answer");
    }
    return;
  }
  const Body inner(0, 1, [=](Store& own, std::span<Value> values) {
    auto action = [&] {
      nest(own, depth - 1, rounds);
      return std::uint64_t{0};
    };
    descend(random_below(3), action);
    values[0] = {depth, 0};
  });
  const Outcome outcome = run(store, fresh(store, inner), {}, Handlers::suspends(pause_tags));
  require(outcome.kind == Outcome::Kind::returned && outcome.values[0].low == depth, "a result");
}

Outcome begin_nested(Store& store, const Function& outermost) {
  const Outcome outcome = run(store, fresh(store, outermost), {}, Handlers::suspends(far_tags));
  require(outcome.kind == Outcome::Kind::suspended, "the chain to be suspended");
  return outcome;
}

namespace {

constexpr std::uint64_t switches_wanted = 1'000'000;
constexpr std::uint64_t switches_wanted_of_a_slow_tool = 100'000;

// Each of these leaves nothing behind but used stacks.

void values_through_suspensions(Store& store) {
  const std::uint32_t rounds = random_below(8);
  const std::uint32_t results = 3 + random_below(64);
  const Body body(2, results, [rounds](Store& own, std::span<Value> values) {
    std::uint64_t sum = values[0].low + values[1].high;
    for (std::uint32_t round = 0; round < rounds; ++round) {
      const std::array<Value, 2> given{Value{sum, round}, Value{round, sum}};
      auto action = [&] { return suspend_for_value(own, pause_tag, given).low; };
      sum += descend(random_below(4), action) & 0xffff;
    }
    for (Value& value : values) value = {rounds, sum};
  });
  const std::array<Value, 2> arguments{Value{1, 0}, Value{0, 2}};
  auto handle = cont_bind(store, fresh(store, body), {&arguments[0], 1});
  require(handle.has_value(), "a binding");
  Outcome outcome = run(store, *handle, {&arguments[1], 1});
  for (std::uint32_t round = 0; round < rounds; ++round) {
    require(outcome.kind == Outcome::Kind::suspended, "a suspension");
    require(outcome.values.size() == 2 && outcome.values[0].high == round, "its values");
    const Value answer{outcome.values[1].high, 0};
    outcome = run(store, outcome.handle, {&answer, 1});
  }
  require(outcome.kind == Outcome::Kind::returned, "a return");
  require(outcome.values.size() == results && outcome.values[2].low == rounds, "its results");
}

void chains_suspended_as_a_whole(Store& store) {
  const std::uint32_t depth = 1 + random_below(6);
  const std::uint32_t rounds = 1 + random_below(3);
  const Body outermost(0, 0, [=](Store& own, std::span<Value>) { nest(own, depth, rounds); });
  Outcome outcome = begin_nested(store, outermost);
  while (outcome.kind == Outcome::Kind::suspended) {
    const Value answer = outcome.values[0];
    outcome = run(store, outcome.handle, {&answer, 1}, Handlers::suspends(far_tags));
  }
}

void abandoned_chains(Store& store) {
  const std::uint32_t depth = random_below(4);
  const Body outermost(0, 0, [=](Store& own, std::span<Value>) { nest(own, depth, 1); });
  if (!rarely()) return;
  const Outcome paused = begin_nested(store, outermost);
  require(abandon(store, paused.handle).has_value(), "an abandonment");
  require(abandon(store, fresh(store, outermost)).has_value(), "an abandonment of a fresh one");
  require(!resume(store, paused.handle).has_value(), "a stale handle to be refused");
}

/// Switches to the peer whose handle it was given last, until `rounds` are used up.
class Peer {
 public:
  explicit Peer(std::uint32_t& rounds) : rounds_(rounds) {}

  void operator()(Store& own, std::span<Value> values) const {
    Value next = values[0];
    while (rounds_ > 0) {
      --rounds_;
      const Value given{rounds_, 1};
      std::array<Value, 2> room;
      auto action = [&] {
        ++switches;
        const auto received = switch_to(own, to_handle(next), peer_tag, {&given, 1}, room);
        require(received.has_value() && received->size() == 2, "the peer's handle");
        return std::uint64_t{0};
      };
      descend(random_below(3), action);
      next = room[1];
    }
    const Handle other = to_handle(next);
    if (other.record == nullptr) return;
    if (rarely()) {
      require(abandon(own, other).has_value(), "an abandonment");
    } else {
      const Value nobody[] = {{0, 0}, to_value(Handle{})};
      run(own, other, nobody);
    }
  }

 private:
  std::uint32_t& rounds_;
};

/// Pauses once, with room for what a peer hands over, and is a Peer from then on.
class WaitingPeer {
 public:
  explicit WaitingPeer(std::uint32_t& rounds) : peer_(rounds) {}

  void operator()(Store& own, std::span<Value>) const {
    std::array<Value, 2> room;
    const auto received = suspend(own, pause_tag, {}, room);
    require(received.has_value() && received->size() == 2, "the peer's handle");
    peer_(own, {&room[1], 1});
  }

 private:
  Peer peer_;
};

void peers(Store& store) {
  std::uint32_t rounds = 1 + random_below(12);
  const Body first(1, 0, Peer(rounds));
  const Body second(0, 0, WaitingPeer(rounds));
  const Value waiting = to_value(run(store, fresh(store, second)).handle);
  require(run(store, fresh(store, first), {&waiting, 1}).kind == Outcome::Kind::returned,
          "the last peer to return");
}

void run_here(Store& store, const Function& body, Stack& stack) {
  const auto made = cont_new(store, &body, stack);
  require(made.has_value(), "a new continuation");
  const Outcome paused = run(store, *made);
  if (rarely()) {
    require(abandon(store, paused.handle).has_value(), "an abandonment");
  } else {
    run(store, paused.handle);
  }
}

void stacks_of_the_caller(Store& store) {
  alignas(16) static std::array<std::byte, 48 * 1024> memory;
  const Body body(0, 0, [](Store& own, std::span<Value>) {
    auto action = [&] {
      pause(own);
      return std::uint64_t{0};
    };
    descend(random_below(6), action);
  });
  auto supplied = Stack::supply(std::span(memory).subspan(random_below(64)));
  require(supplied.has_value(), "a stack in this memory");
  run_here(store, body, *supplied);
  run_here(store, body, *supplied);
  if (rarely()) {
    auto mapped = Stack::map(32 * 1024);
    require(mapped.has_value(), "a mapped stack");
    run_here(store, body, *mapped);
  }
}

using Scenario = void (*)(Store& store);
constexpr Scenario scenarios[] = {
    values_through_suspensions, chains_suspended_as_a_whole, abandoned_chains,         peers,
    exceptions_that_end_bodies, exceptions_handed_over,      exceptions_being_handled, traps,
    stacks_of_the_caller,
};

void any_scenario(Store& store) {
  scenarios[random_below(std::size(scenarios))](store);
}

/// A body that is the embedder of another store, and of its own once more.
void stores_inside_another(Store& store, Store& other) {
  const Body body(0, 0, [&](Store& own, std::span<Value>) {
    {
      const Entry entry(other);
      any_scenario(other);
    }
    const Entry entry(own);
    any_scenario(own);
  });
  run(store, fresh(store, body));
}

void valid() {
  switch_validly(switches_wanted);
}

void valid_and_short() {
  switch_validly(switches_wanted_of_a_slow_tool);
}

constexpr Mode modes[] = {{"valid", valid}, {"valid-and-short", valid_and_short}};

}  // namespace

std::uint64_t switch_validly(std::uint64_t wanted) {
  switches = 0;
  Store first;
  Store second({.stacks = {.staggered = false, .kept_max = 4}});
  const Body left_suspended(0, 0, [](Store& own, std::span<Value>) { pause(own); });
  while (switches < wanted) {
    Store& store = random_below(2) == 0 ? first : second;
    Store& other = &store == &first ? second : first;
    const Entry entry(store);
    for (std::uint32_t count = random_below(64); count > 0; --count) {
      any_scenario(store);
      stores_inside_another(store, other);
    }
  }
  // The end of a store is the end of these.
  const Entry entry(first);
  run(first, fresh(first, left_suspended));
  fresh(first, left_suspended);
  return switches;
}

std::span<const Mode> valid_modes() {
  return modes;
}

}  // namespace fiberproof::self_test
