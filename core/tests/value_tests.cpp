// Values: they arrive unchanged and in order, however they were passed (C5), and no buffer takes
// more than it has room for.
#include "core/tests/checked.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

/// Has three parameters and returns them.
const Body returns_arguments(3, 3, [](std::span<Value>) {});

/// Suspends itself with room for three values, and returns what it is given there.
const Body returns_received(0, 3, [](Store& store, std::span<Value> values) {
  const auto received = checked::suspend(store, yield.tag, {}, values);
  EXPECT_EQ(received.size(), 3u);
  EXPECT_EQ(received.data(), values.data()) << "the room that it gave";
});

/// A Fresh and a Suspended continuation that take three values and return them.
std::array<Handle, 2> takers_of_three(Store& store) {
  return {checked::cont_new(store, returns_arguments),
          checked::suspended(store, returns_received, yield.suspends)};
}

const ArgsObject& buffer_in_use(Handle handle) {
  const Continuation& record = *handle.record;
  return record.state == State::fresh ? record.args : record.values;
}

TEST(cont_bind, puts_its_values_in_order_before_those_of_the_resume) {
  Store store;
  const Entry entry(store);
  for (Handle handle : takers_of_three(store)) {
    handle = checked::cont_bind(store, handle, numbers(1));
    EXPECT_EQ(buffer_in_use(handle).length, 1u);
    handle = checked::cont_bind(store, handle, {});
    handle = checked::cont_bind(store, handle, numbers(2));
    EXPECT_EQ(buffer_in_use(handle).length, 2u);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle, numbers(3)), {1, 2, 3}));
  }
}

TEST(cont_bind, can_pass_all_values) {
  Store store;
  const Entry entry(store);
  for (Handle handle : takers_of_three(store)) {
    handle = checked::cont_bind(store, handle, numbers(1, 2, 3));
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle), {1, 2, 3}));
  }
}

TEST(cont_bind, keeps_the_state_and_the_chain) {
  Store store;
  const Entry entry(store);
  for (const Handle handle : takers_of_three(store)) {
    const State state = handle.record->state;
    const Handle renewed = checked::cont_bind(store, handle, numbers(1));
    EXPECT_EQ(renewed.record->state, state);
    EXPECT_EQ(renewed.record->last_ancestor, handle.record);
    EXPECT_EQ(renewed.revision, handle.revision + 1);
    checked::abandon(store, renewed);
  }
}

void expect_too_many(const Trap& trap, std::uint64_t given, std::uint32_t length,
                     std::uint32_t capacity) {
  const auto& too_many = reason<TooManyValues>(trap);
  EXPECT_EQ(too_many.given, given);
  EXPECT_EQ(too_many.length, length);
  EXPECT_EQ(too_many.capacity, capacity);
}

TEST(too_many_values, is_one_more_than_fits) {
  Store store;
  const Entry entry(store);
  for (Handle handle : takers_of_three(store)) {
    const auto four = numbers(1, 2, 3, 4);
    expect_too_many(refusal_of(store, [&] { return cont_bind(store, handle, four); }), 4, 0, 3);
    expect_too_many(refusal_of(store, [&] { return resume(store, handle, four); }), 4, 0, 3);
    handle = checked::cont_bind(store, handle, numbers(1, 2));
    const auto two = numbers(3, 4);
    expect_too_many(refusal_of(store, [&] { return cont_bind(store, handle, two); }), 2, 2, 3);
    expect_too_many(refusal_of(store, [&] { return resume(store, handle, two); }), 2, 2, 3);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle, numbers(3)), {1, 2, 3}));
  }
}

TEST(too_many_values, counts_the_handle_of_a_switch) {
  Store store;
  const Entry entry(store);
  for (Handle handle : takers_of_three(store)) {
    Body body(0, 0, [&](std::span<Value>) {
      const auto three = numbers(1, 2, 3);
      expect_too_many(refusal_of(store, [&] { return switch_to(store, handle, peer.tag, three); }),
                      4, 0, 3);
      handle = checked::cont_bind(store, handle, numbers(1, 2));
      const auto one = numbers(3);
      expect_too_many(refusal_of(store, [&] { return switch_to(store, handle, peer.tag, one); }), 2,
                      2, 3);
      handle = checked::cont_bind(store, handle, numbers(3));
      expect_too_many(refusal_of(store, [&] { return switch_to(store, handle, peer.tag); }), 1, 3,
                      3);
    });
    checked::resume_to_end(store, checked::cont_new(store, body), {}, peer.switches);
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle), {1, 2, 3}));
  }
}

TEST(too_many_values, is_one_value_if_there_is_no_room) {
  Store store;
  const Entry entry(store);
  const Body nothing(0, 0, [](std::span<Value>) {});
  const Body waits(5, 5, [&](std::span<Value>) { checked::suspend(store, yield.tag); });
  for (const Handle handle :
       {checked::cont_new(store, nothing), checked::suspended(store, waits, yield.suspends)}) {
    expect_too_many(refusal_of(store, [&] { return resume(store, handle, numbers(1)); }), 1, 0, 0);
    checked::resume_to_end(store, checked::cont_bind(store, handle, {}));
  }
}

TEST(too_many_values, is_counted_in_64_bits) {
  Store store;
  const Entry entry(store);
  for (Handle handle : takers_of_three(store)) {
    handle = checked::cont_bind(store, handle, numbers(1));
    // Refused before anything is read. A compiler that sees the one value warns of the others.
    const Value one = number(2);
    const Value* const volatile first = &one;
    for (const std::uint64_t count : {(std::uint64_t{1} << 32) - 1, std::uint64_t{1} << 32,
                                      (std::uint64_t{1} << 32) + 1, std::uint64_t{1} << 59}) {
      const std::span<const Value> many(first, count);
      expect_too_many(refusal_of(store, [&] { return cont_bind(store, handle, many); }), count, 1,
                      3);
      expect_too_many(refusal_of(store, [&] { return resume(store, handle, many); }), count, 1, 3);
    }
    checked::abandon(store, handle);
  }
}

TEST(values, may_be_as_many_as_the_results) {
  Store store;
  const Entry entry(store);
  const Body body(1, 3, [](std::span<Value>) {});
  const Handle handle = checked::cont_new(store, body);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, handle, numbers(1, 2, 3)), {1, 2, 3}));
}

TEST(values, keep_all_of_their_128_bits) {
  Store store;
  const Entry entry(store);
  constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
  const std::array<Value, 3> patterns{Value{0, all}, Value{all, 0},
                                      Value{0x0123456789abcdef, 0xfedcba9876543210}};
  for (const Handle handle : takers_of_three(store)) {
    EXPECT_TRUE(std::ranges::equal(checked::resume_to_end(store, handle, patterns), patterns));
  }
}

TEST(values, pass_through_suspend_and_back_through_resume) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    std::array<Value, 3> room;
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, numbers(1, 2), room), {3}));
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, {}, room), {4, 5, 6}));
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, numbers(7), room), {}));
  });
  Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  EXPECT_TRUE(are_numbers(outcome.values, {1, 2}));
  outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends, numbers(3));
  EXPECT_TRUE(are_numbers(outcome.values, {}));
  outcome = checked::resume_to_suspension(store, outcome.handle, yield.suspends, numbers(4, 5, 6));
  EXPECT_TRUE(are_numbers(outcome.values, {7}));
  checked::resume_to_end(store, outcome.handle);
}

TEST(values, arrive_in_large_numbers) {
  Store store;
  const Entry entry(store);
  constexpr std::uint32_t count = 10'000;
  std::vector<Value> sent(count);
  for (std::uint64_t index = 0; index < count; ++index) sent[index] = number(index);
  Body body(count, count, [&](std::span<Value> values) {
    EXPECT_TRUE(std::ranges::equal(values, sent));
    std::vector<Value> room(count);
    EXPECT_TRUE(std::ranges::equal(checked::suspend(store, yield.tag, values, room), sent));
  });
  const Handle handle = checked::cont_new(store, body, 512 * 1024);
  const Outcome outcome = checked::resume_to_suspension(store, handle, yield.suspends, sent);
  EXPECT_TRUE(std::ranges::equal(outcome.values, sent));
  EXPECT_TRUE(std::ranges::equal(checked::resume_to_end(store, outcome.handle, sent), sent));
}

TEST(values, of_an_outcome_can_be_passed_on) {
  Store store;
  const Entry entry(store);
  Body gives(0, 3, [&](std::span<Value> values) {
    std::ranges::copy(numbers(4, 5, 6), values.begin());
    checked::suspend(store, yield.tag, numbers(1, 2, 3));
  });
  const auto takers = takers_of_three(store);
  const Outcome suspension =
      checked::resume_to_suspension(store, checked::cont_new(store, gives), yield.suspends);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, takers[0], suspension.values), {1, 2, 3}));
  const auto results = checked::resume_to_end(store, suspension.handle);
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, takers[1], results), {4, 5, 6}));
}

TEST(values, may_be_received_in_the_room_they_were_sent_from) {
  Store store;
  const Entry entry(store);
  Body body(3, 3, [&](std::span<Value> values) {
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, values, values), {1, 2, 3}));
  });
  const Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, body),
                                                        yield.suspends, numbers(1, 2, 3));
  EXPECT_TRUE(
      are_numbers(checked::resume_to_end(store, outcome.handle, outcome.values), {1, 2, 3}));
}

TEST(values, bound_before_a_resume_throw_are_dropped) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    std::array<Value, 2> room;
    EXPECT_THROW(checked::suspend(store, yield.tag, {}, room), int);
    EXPECT_TRUE(are_numbers(checked::suspend(store, yield.tag, {}, room), {2, 3}));
  });
  const Handle bound =
      checked::cont_bind(store, checked::suspended(store, body, yield.suspends), numbers(1));
  const Outcome outcome =
      checked::resume_throw(store, bound, std::make_exception_ptr(1), yield.suspends);
  checked::resume_to_end(store, outcome.handle, numbers(2, 3));
}

TEST(values, do_not_survive_into_the_next_use_of_the_record) {
  Store store;
  const Entry entry(store);
  for (int round = 0; round < 3; ++round) {
    Handle handle = checked::cont_new(store, returns_arguments);
    EXPECT_EQ(handle.record->args.length, 0u);
    handle = checked::cont_bind(store, handle, numbers(1, 2, 3));
    checked::abandon(store, handle);
    handle = checked::suspended(store, returns_received, yield.suspends);
    EXPECT_EQ(handle.record->values.length, 0u);
    handle = checked::cont_bind(store, handle, numbers(1, 2, 3));
    checked::abandon(store, handle);
  }
}

}  // namespace
}  // namespace fiberproof
