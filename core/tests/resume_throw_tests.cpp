// resume_throw: throws an exception from the suspension of a continuation, or to the caller if the
// continuation is fresh.
#include "core/tests/checked.hpp"

#include "core/tests/counted.hpp"
#include "core/tests/deep_chain.hpp"

#include <gtest/gtest.h>
#include <cstdint>
#include <exception>
#include <span>
#include <utility>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

const Body nothing(0, 0, [](std::span<Value>) {});

TEST(resume_throw, throws_from_the_suspension_and_the_body_can_catch_it) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [&](std::span<Value> values) {
    EXPECT_EQ(thrown_by([&] { checked::suspend(store, yield.tag, numbers(1)); }), 5);
    values[0] = number(2);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  const Outcome end =
      checked::resume_throw(store, outcome.handle, std::make_exception_ptr(Counted(5)));
  EXPECT_EQ(end.kind, Outcome::Kind::returned);
  EXPECT_TRUE(are_numbers(end.values, {2}));
  EXPECT_EQ(Counted::living, 0);
}

TEST(resume_throw, throws_the_same_object) {
  Store store;
  const Entry entry(store);
  const std::exception_ptr exception = std::make_exception_ptr(Counted(5));
  Body body(0, 0, [&](std::span<Value>) {
    try {
      checked::suspend(store, yield.tag);
    } catch (...) {
      EXPECT_EQ(std::current_exception(), exception);
    }
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  checked::resume_throw(store, outcome.handle, exception);
}

TEST(resume_throw, throws_to_the_caller_if_the_body_does_not_catch) {
  for (const std::uint64_t depth : {1u, 3u, 100u}) {
    Store store;
    const Entry entry(store);
    DeepChain chain([&](Store&) {
      checked::suspend(store, yield.tag);
      return Value{};
    });
    const Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, chain),
                                                          yield.suspends, numbers(depth));
    auto exception = std::make_exception_ptr(Counted(6));
    EXPECT_EQ(
        thrown_by([&] { checked::resume_throw(store, outcome.handle, std::move(exception)); }), 6);
    EXPECT_EQ(store.live_count(), 0u);
    EXPECT_EQ(Counted::living, 0);
  }
}

TEST(resume_throw, into_a_chain_can_be_caught_in_its_middle) {
  Store store;
  const Entry entry(store);
  DeepChain inner([&](Store&) {
    checked::suspend(store, yield.tag);
    return Value{};
  });
  Body middle(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(
        thrown_by([&] { checked::resume(store, checked::cont_new(store, inner), numbers(2)); }), 6);
  });
  DeepChain outer([&](Store&) {
    checked::resume_to_end(store, checked::cont_new(store, middle));
    return number(1);
  });
  const Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, outer),
                                                        yield.suspends, numbers(2));
  const Outcome end =
      checked::resume_throw(store, outcome.handle, std::make_exception_ptr(Counted(6)));
  EXPECT_TRUE(are_numbers(end.values, {1}));
}

TEST(resume_throw, installs_its_handlers) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    EXPECT_EQ(thrown_by([&] { checked::suspend(store, yield.tag); }), 5);
    checked::suspend(store, peer.tag, numbers(1));
  });
  const Outcome first =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  const Outcome second = checked::resume_throw(store, first.handle,
                                               std::make_exception_ptr(Counted(5)), peer.suspends);
  EXPECT_EQ(second.kind, Outcome::Kind::suspended);
  EXPECT_TRUE(are_numbers(second.values, {1}));
  checked::resume_to_end(store, second.handle);
}

TEST(resume_throw, ends_a_fresh_continuation_and_throws_to_the_caller) {
  Store store;
  const Entry entry(store);
  bool has_run = false;
  Body body(0, 0, [&](std::span<Value>) { has_run = true; });
  const Handle handle = checked::cont_new(store, body);
  EXPECT_EQ(
      thrown_by([&] { checked::resume_throw(store, handle, std::make_exception_ptr(Counted(4))); }),
      4);
  EXPECT_FALSE(has_run);
  EXPECT_EQ(handle.record->state, State::trapped);
  EXPECT_EQ(handle.record->args.capacity, 0u);
  EXPECT_EQ(store.live_count(), 0u);
  EXPECT_EQ(store.raised, nullptr);
  EXPECT_EQ(Counted::living, 0);
}

TEST(resume_throw, of_a_fresh_continuation_in_a_body_can_be_caught_there) {
  Store store;
  const Entry entry(store);
  Body body(0, 1, [&](std::span<Value> values) {
    const Handle handle = checked::cont_new(store, nothing);
    EXPECT_EQ(thrown_by([&] {
                checked::resume_throw(store, handle, std::make_exception_ptr(Counted(4)));
              }),
              4);
    checked::resume_to_end(store, checked::cont_new(store, nothing));
    values[0] = number(1);
  });
  EXPECT_TRUE(are_numbers(checked::resume_to_end(store, checked::cont_new(store, body)), {1}));
}

TEST(resume_throw, releases_the_exception_if_it_is_refused) {
  Store store;
  const Entry entry(store);
  {
    const auto exception = std::make_exception_ptr(Counted(4));
    reason<NullHandle>(refusal_of(store, [&] { return resume_throw(store, {}, exception); }));
  }
  EXPECT_EQ(Counted::living, 0);
}

TEST(resume_throw, checks_that_there_is_an_exception) {
  Store store;
  const Entry entry(store);
  const Handle handle = checked::cont_new(store, nothing);
  EXPECT_DEATH(static_cast<void>(resume_throw(store, handle, nullptr)), "F3 violated");
}

TEST(resume_throw, into_a_catch_block_nests_the_exceptions) {
  Store store;
  const Entry entry(store);
  Body body(0, 0, [&](std::span<Value>) {
    try {
      throw Counted(1);
    } catch (const Counted&) {
      try {
        checked::suspend(store, yield.tag);
      } catch (const Counted&) {
        EXPECT_EQ(in_hand(), 2);
      }
      EXPECT_EQ(in_hand(), 1);
    }
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), yield.suspends);
  checked::resume_throw(store, outcome.handle, std::make_exception_ptr(Counted(2)));
  EXPECT_EQ(Counted::living, 0);
}

}  // namespace
}  // namespace fiberproof
