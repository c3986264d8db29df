// suspend: cuts the chain off at the handler. The cut chain resumes as a whole, under any parent.
#include "core/tests/checked.hpp"

#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag other("other");
const NamedTag third("third");

/// Suspends itself to the handler of `yield` once, with 1, and returns what it is given.
const Body yields(0, 1, [](Store& store, std::span<Value> values) {
  checked::suspend(store, yield.tag, numbers(1), values);
});

TEST(suspend, without_a_handler_is_refused_and_the_body_continues) {
  Store store;
  const Entry entry(store);
  const auto expect_refusal = [&] {
    const auto unhandled = reason<UnhandledTag>(
        refusal_of(store, [&] { return suspend(store, yield.tag, numbers(1)); }));
    EXPECT_EQ(unhandled.tag, &yield.tag);
    EXPECT_EQ(unhandled.wanted, UnhandledTag::Wanted::suspend_handler);
  };
  expect_refusal();
  DeepChain chain([&](Store&) {
    expect_refusal();
    return number(2);
  });
  for (const std::uint64_t depth : {1u, 3u}) {
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, checked::cont_new(store, chain),
                                                   numbers(depth), other.suspends),
                            {2}));
  }
}

// States and links.

TEST(suspend, of_one_stack_leaves_a_chain_of_one) {
  Store store;
  const Entry entry(store);
  const Handle handle = checked::cont_new(store, yields);
  const Outcome outcome = checked::resume_to_suspension(store, handle, yield.suspends);
  const Continuation& record = *handle.record;
  EXPECT_EQ(outcome.handle.record, &record);
  EXPECT_EQ(record.state, State::suspended);
  EXPECT_EQ(record.last_ancestor, &record);
  EXPECT_EQ(record.parent, nullptr);
  EXPECT_EQ(store.active, &entry.initial());
  checked::resume_to_end(store, outcome.handle);
}

/// How many stacks hang together behind `head`, all of them parents but the head.
std::uint64_t length_of_chain(const Continuation& head) {
  EXPECT_EQ(head.state, State::suspended);
  std::uint64_t length = 1;
  for (const Continuation* stack = &head; stack != head.last_ancestor; ++length) {
    stack = static_cast<const Continuation*>(stack->parent);
    EXPECT_EQ(stack->state, State::parent);
  }
  EXPECT_EQ(head.last_ancestor->parent, nullptr);
  return length;
}

TEST(suspend, passes_any_number_of_stacks_and_resume_restores_them_all) {
  for (const std::uint64_t depth : {1u, 2u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    DeepChain chain([&](Store&) {
      std::array<Value, 2> room;
      EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, numbers(1, 2), room), {3, 4}));
      EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, numbers(5), room), {6}));
      return number(7);
    });
    const Handle outermost = checked::cont_new(store, chain);
    Outcome outcome =
        checked::resume_to_suspension(store, outermost, yield.suspends, numbers(depth));
    for (const std::uint64_t round : {0u, 1u}) {
      EXPECT_EQ(length_of_chain(*outcome.handle.record), depth);
      EXPECT_EQ(outcome.handle.record->last_ancestor, outermost.record);
      EXPECT_EQ(store.active, &entry.initial());
      if (round == 0) {
        EXPECT_TRUE(are_numbers(outcome.values, {1, 2}));
        outcome =
            checked::resume_to_suspension(store, outcome.handle, yield.suspends, numbers(3, 4));
      }
    }
    EXPECT_TRUE(are_numbers(outcome.values, {5}));
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, outcome.handle, numbers(6)), {7}));
    EXPECT_EQ(store.live_count(), 0u);
  }
}

TEST(suspend, cuts_the_chain_at_the_handler_and_the_rest_can_be_cut_too) {
  Store store;
  const Entry entry(store);
  DeepChain inner([&](Store&) {
    std::array<Value, 1> room;
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, numbers(1), room), {2}));
    return number(3);
  });
  Body middle(0, 1, [&](std::span<Value> values) {
    Outcome cut_off = checked::resume_to_suspension(store, checked::cont_new(store, inner),
                                                    yield.suspends, numbers(3));
    EXPECT_EQ(length_of_chain(*cut_off.handle.record), 3u);
    checked::suspend(store, other.tag);
    EXPECT_EQ(length_of_chain(*cut_off.handle.record), 3u);
    values[0] = checked::resume_to_end(store, cut_off.handle, numbers(2))[0];
  });
  DeepChain outer(
      [&](Store&) { return checked::resume_to_end(store, checked::cont_new(store, middle))[0]; });
  const Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, outer),
                                                        other.suspends, numbers(2));
  EXPECT_EQ(length_of_chain(*outcome.handle.record), 3u);
  EXPECT_EQ(store.live_count(), 6u);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, outcome.handle), {3}));
}

TEST(suspend, takes_the_handlers_inside_the_cut_chain_along) {
  Store store;
  const Entry entry(store);
  Body innermost(0, 0, [&](std::span<Value>) {
    checked::suspend(store, yield.tag);
    checked::suspend(store, other.tag);
  });
  bool handled_inside = false;
  Body inside(0, 0, [&](std::span<Value>) {
    const Outcome outcome =
        checked::resume_to_suspension(store, checked::cont_new(store, innermost), other.suspends);
    handled_inside = true;
    checked::resume_to_end(store, outcome.handle);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, inside), yield.suspends);
  // This parent would handle `other` as well, but is farther out.
  checked::resume_to_end(store, outcome.handle, {}, other.suspends);
  EXPECT_TRUE(handled_inside);
}

// Other parents.

/// Is given a handle, resumes what it names with 2, and returns 10 more than that returns.
const Body resumes_argument(1, 1, [](Store& store, std::span<Value> values) {
  const Handle handle = to_handle(values[0]);
  const auto results = checked::resume_to_end(store, handle, numbers(2));
  EXPECT_EQ(results.size(), 1u);
  values[0] = number(results[0].low + 10);
});

TEST(suspend, can_be_resumed_farther_in_and_returns_there) {
  Store store;
  const Entry entry(store);
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, yields), yield.suspends);
  const Value argument = to_value(outcome.handle);
  const auto values =
      checked::resume_to_end(store, checked::cont_new(store, resumes_argument), {&argument, 1});
  EXPECT_TRUE(are_numbers(values, {12})) << "2 came back from there, and 10 more";
}

TEST(suspend, under_a_parent_that_ended_returns_to_the_new_one) {
  Store store;
  const Entry entry(store);
  Body first_parent(0, 1, [&](std::span<Value> values) {
    const Outcome outcome =
        checked::resume_to_suspension(store, checked::cont_new(store, yields), yield.suspends);
    values[0] = to_value(outcome.handle);
  });
  const Handle parent_handle = checked::cont_new(store, first_parent);
  const Handle orphan = to_handle(checked::resume_to_end(store, parent_handle)[0]);
  EXPECT_EQ(parent_handle.record->state, State::returned);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, orphan, numbers(2)), {2}));
}

TEST(suspend, under_a_parent_that_trapped_returns_to_the_new_one) {
  Store store;
  const Entry entry(store);
  Handle orphan;
  Body first_parent(0, 0, [&](std::span<Value>) {
    orphan = checked::resume_to_suspension(store, checked::cont_new(store, yields), yield.suspends)
                 .handle;
    return false;
  });
  reason<BodyFailed>(checked::resume_to_trap(store, checked::cont_new(store, first_parent)));
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, orphan, numbers(2)), {2}));
}

TEST(suspend, of_a_deep_chain_returns_to_the_parent_that_resumes_it) {
  for (const std::uint64_t depth : {2u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    DeepChain chain([&](Store&) {
      std::array<Value, 1> room;
      checked::suspend(store, yield.tag, {}, room);
      return number(room[0].low + 1);
    });
    Body first_parent(0, 1, [&](std::span<Value> values) {
      const Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, chain),
                                                            yield.suspends, numbers(depth));
      values[0] = to_value(outcome.handle);
    });
    const Value orphan = checked::resume_to_end(store, checked::cont_new(store, first_parent))[0];
    EXPECT_EQ(length_of_chain(*to_handle(orphan).record), depth);
    const auto values =
        checked::resume_to_end(store, checked::cont_new(store, resumes_argument), {&orphan, 1});
    EXPECT_TRUE(are_numbers(values, {13}));
    EXPECT_EQ(store.live_count(), 0u);
  }
}

TEST(suspend, finds_the_handlers_of_the_new_parents) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    checked::suspend(store, yield.tag);
    reason<UnhandledTag>(refusal_of(store, [&] { return suspend(store, yield.tag); }));
    checked::suspend(store, other.tag, numbers(1));
    checked::suspend(store, third.tag, numbers(2));
  });
  const Outcome at_initial =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  Body new_parent(0, 1, [&](std::span<Value> values) {
    const Outcome outcome = checked::resume_to_suspension(store, at_initial.handle, other.suspends);
    EXPECT_TRUE(are_numbers(outcome.values, {1}));
    // Its next suspension passes this stack, which has no handler for it any more.
    checked::resume_to_end(store, outcome.handle);
    values[0] = number(3);
  });
  const Handle parent_handle = checked::cont_new(store, new_parent);
  const Outcome through_parent =
      checked::resume_to_suspension(store, parent_handle, third.suspends);
  EXPECT_TRUE(are_numbers(through_parent.values, {2}));
  EXPECT_EQ(through_parent.handle.record, at_initial.handle.record);
  EXPECT_EQ(through_parent.handle.record->last_ancestor, parent_handle.record);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, through_parent.handle), {3}));
}

TEST(suspend, works_under_changing_parents_at_changing_depth) {
  Store store;
  const Entry entry(store);
  std::uint64_t rounds = 0;
  DeepChain subject([&](Store&) {
    for (; rounds < 12; ++rounds) checked::suspend(store, yield.tag, numbers(rounds));
    return number(99);
  });
  Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, subject),
                                                  yield.suspends, numbers(3));
  while (outcome.kind == Outcome::Kind::suspended) {
    EXPECT_EQ(outcome.values[0], number(rounds));
    DeepChain parent([&](Store&) {
      outcome = checked::resume(store, outcome.handle, {}, yield.suspends);
      return outcome.kind == Outcome::Kind::returned ? outcome.values[0] : Value{};
    });
    const std::uint64_t depth = 1 + rounds % 5;
    const auto values =
        checked::resume_to_end(store, checked::cont_new(store, parent), numbers(depth));
    if (rounds == 12 && outcome.kind == Outcome::Kind::returned) {
      EXPECT_TRUE(are_numbers(values, {99}));
    }
  }
  EXPECT_EQ(rounds, 12u);
  EXPECT_EQ(store.live_count(), 0u);
}

TEST(suspend, of_many_continuations_can_be_interleaved) {
  Store store;
  const Entry entry(store);
  Body counts(1, 1, [&](std::span<Value> values) {
    std::uint64_t sum = values[0].low;
    for (int round = 0; round < 1000; ++round) {
      const Value now{sum, 0};
      std::array<Value, 1> room;
      sum += suspend(store, yield.tag, {&now, 1}, room).value()[0].low;
    }
    values[0] = {sum, 0};
  });
  std::vector<Outcome> outcomes;
  for (std::uint64_t index = 0; index < 7; ++index) {
    const Value start{index, 0};
    outcomes.push_back(checked::resume_to_suspension(store, checked::cont_new(store, counts),
                                                     yield.suspends, {&start, 1}));
  }
  std::uint64_t round = 0;
  for (; round < 1000; ++round) {
    for (std::uint64_t index = 0; index < outcomes.size(); ++index) {
      const Value step{index + 1, 0};
      outcomes[index] = resume(store, outcomes[index].handle, {&step, 1}, yield.suspends).value();
      ASSERT_EQ(outcomes[index].values[0].low, index + (round + 1) * (index + 1));
    }
  }
  EXPECT_EQ(store.live_count(), 0u);
}

}  // namespace
}  // namespace fiberproof
