// Handles: each works at most once (C1). Using one again is refused and changes nothing.
#include "core/tests/checked.hpp"

#include <gtest/gtest.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");

/// Suspends itself once; can be given up to four values then.
const Body patient(1, 1, [](Store& store, std::span<Value>) {
  std::array<Value, 4> room;
  checked::suspend(store, yield.tag, {}, room);
});

const Body nothing(0, 0, [](std::span<Value>) {});

/// Runs `action` on a continuation stack from which a switch to `peer` would be handled.
template <class Action>
void run_in_body(Store& store, Action action) {
  Body body(0, 0, [&](std::span<Value>) { action(); });
  checked::resume_to_end(store, checked::cont_new(store, body), {}, peer.switches);
}

/// Why each operation that takes a handle refuses this one.
std::vector<Trap> refusals(Store& store, Handle handle) {
  std::array<Value, 1> room;
  const auto exception = std::make_exception_ptr(0);
  return {
      refusal_of(store, [&] { return cont_bind(store, handle, {}); }),
      refusal_of(store, [&] { return cont_bind(store, handle, numbers(1, 2)); }),
      refusal_of(store, [&] { return abandon(store, handle); }),
      refusal_of(store, [&] { return resume(store, handle); }),
      refusal_of(store, [&] { return resume(store, handle, numbers(1, 2), yield.suspends); }),
      refusal_of(store, [&] { return resume_throw(store, handle, exception); }),
      refusal_of(store, [&] { return switch_to(store, handle, peer.tag, numbers(1), room); }),
  };
}

void expect_consumed(Store& store, Handle handle) {
  const std::uint64_t id = handle.record->id;
  for (const Trap& trap : refusals(store, handle)) {
    const auto& consumed = reason<ConsumedHandle>(trap);
    EXPECT_EQ(consumed.continuation, id);
    EXPECT_EQ(consumed.handle_revision, handle.revision);
    EXPECT_EQ(consumed.current_revision, handle.record->revision);
    EXPECT_GT(consumed.current_revision, consumed.handle_revision);
  }
}

TEST(handle, null_is_refused_by_every_operation) {
  Store store;
  const Entry entry(store);
  const auto expect_null = [&] {
    for (const Trap& trap : refusals(store, Handle{})) reason<NullHandle>(trap);
  };
  expect_null();
  run_in_body(store, expect_null);
}

TEST(handle, is_consumed_by_cont_bind) {
  Store store;
  const Entry entry(store);
  for (const Handle bound :
       {checked::cont_new(store, patient), checked::suspended(store, patient, yield.suspends)}) {
    const Handle renewed = checked::cont_bind(store, bound, numbers(1));
    EXPECT_EQ(renewed.record, bound.record);
    expect_consumed(store, bound);
    run_in_body(store, [&] { expect_consumed(store, bound); });
    checked::abandon(store, renewed);
  }
}

TEST(handle, is_consumed_by_cont_bind_without_values) {
  Store store;
  const Entry entry(store);
  const Handle bound = checked::cont_new(store, nothing);
  const Handle renewed = checked::cont_bind(store, bound, {});
  expect_consumed(store, bound);
  checked::resume_to_end(store, renewed);
  expect_consumed(store, renewed);
}

TEST(handle, is_consumed_while_its_continuation_runs_or_is_a_parent) {
  Store store;
  const Entry entry(store);
  Handle used;
  Body child(0, 0, [&](std::span<Value>) { expect_consumed(store, used); });
  Body body(0, 0, [&](std::span<Value>) {
    expect_consumed(store, used);
    checked::resume_to_end(store, checked::cont_new(store, child));
  });
  used = checked::cont_new(store, body);
  checked::resume_to_end(store, used);
}

TEST(handle, is_consumed_by_a_resume_that_suspends_the_continuation) {
  Store store;
  const Entry entry(store);
  const Handle first = checked::cont_new(store, patient);
  const Handle second = checked::resume_to_suspension(store, first, yield.suspends).handle;
  EXPECT_EQ(second.record, first.record);
  EXPECT_GT(second.revision, first.revision);
  expect_consumed(store, first);
  run_in_body(store, [&] { expect_consumed(store, first); });
  checked::resume_to_end(store, second);
  expect_consumed(store, first);
  expect_consumed(store, second);
}

TEST(handle, is_consumed_by_a_resume_that_ends_the_continuation) {
  Store store;
  const Entry entry(store);
  const Body fails(0, 0, [](std::span<Value>) { return false; });
  const Body throws(0, 0, [](std::span<Value>) { throw 1; });
  const Handle returned = checked::cont_new(store, nothing);
  checked::resume_to_end(store, returned);
  expect_consumed(store, returned);
  const Handle trapped = checked::cont_new(store, fails);
  checked::resume_to_trap(store, trapped);
  expect_consumed(store, trapped);
  const Handle thrown_out_of = checked::cont_new(store, throws);
  EXPECT_THROW(checked::resume(store, thrown_out_of), int);
  expect_consumed(store, thrown_out_of);
}

TEST(handle, is_consumed_by_a_resume_throw) {
  Store store;
  const Entry entry(store);
  for (const Handle used :
       {checked::cont_new(store, patient), checked::suspended(store, patient, yield.suspends)}) {
    EXPECT_THROW(checked::resume_throw(store, used, std::make_exception_ptr(1)), int);
    expect_consumed(store, used);
  }
}

TEST(handle, is_consumed_by_a_switch) {
  Store store;
  const Entry entry(store);
  for (const Handle used :
       {checked::cont_new(store, patient), checked::suspended(store, patient, yield.suspends)}) {
    const bool is_fresh = used.record->state == State::fresh;
    Body body(0, 0, [&](std::span<Value>) {
      checked::switch_to(store, used, peer.tag);
      expect_consumed(store, used);
    });
    const std::array<const Tag*, 2> tags{&yield.tag, &peer.tag};
    const Outcome outcome = checked::resume(store, checked::cont_new(store, body), {}, {tags, 1});
    expect_consumed(store, used);
    if (is_fresh) {
      EXPECT_EQ(outcome.kind, Outcome::Kind::suspended);
      EXPECT_EQ(outcome.handle.record, used.record);
    } else {
      EXPECT_EQ(outcome.kind, Outcome::Kind::returned);
    }
  }
}

TEST(handle, is_consumed_by_abandon) {
  Store store;
  const Entry entry(store);
  for (const Handle used :
       {checked::cont_new(store, patient), checked::suspended(store, patient, yield.suspends)}) {
    checked::abandon(store, used);
    expect_consumed(store, used);
    run_in_body(store, [&] { expect_consumed(store, used); });
  }
}

TEST(handle, of_a_stack_inside_a_suspended_chain_is_consumed) {
  Store store;
  const Entry entry(store);
  Handle inner;
  Body outer(0, 0, [&](std::span<Value>) {
    inner = checked::cont_new(store, patient);
    checked::resume(store, inner);
  });
  const Handle outer_handle = checked::cont_new(store, outer);
  const Handle chain = checked::resume_to_suspension(store, outer_handle, yield.suspends).handle;
  EXPECT_EQ(chain.record, inner.record);
  expect_consumed(store, inner);
  expect_consumed(store, outer_handle);
  checked::resume_to_end(store, chain);
  expect_consumed(store, chain);
}

TEST(handle, works_after_a_refusal_for_another_reason) {
  Store store;
  const Entry entry(store);
  const Handle fresh = checked::cont_new(store, patient);
  reason<TooManyValues>(refusal_of(store, [&] { return resume(store, fresh, numbers(1, 2)); }));
  run_in_body(store, [&] {
    reason<UnhandledTag>(refusal_of(store, [&] { return switch_to(store, fresh, yield.tag); }));
  });
  const Outcome outcome = checked::resume_to_suspension(store, fresh, yield.suspends, numbers(1));
  checked::resume_to_end(store, outcome.handle);
}

TEST(handle, stays_consumed_when_its_record_is_used_again) {
  Store store;
  const Entry entry(store);
  std::vector<Handle> used;
  for (int round = 0; round < 5; ++round) {
    const Handle fresh = checked::cont_new(store, patient);
    if (!used.empty()) {
      ASSERT_EQ(fresh.record, used.front().record) << "the record is to be used again";
    }
    used.push_back(fresh);
    used.push_back(checked::resume_to_suspension(store, fresh, yield.suspends).handle);
    for (std::size_t index = 0; index + 1 < used.size(); ++index) {
      for (const Trap& trap : refusals(store, used[index])) {
        const auto& consumed = reason<ConsumedHandle>(trap);
        EXPECT_EQ(consumed.handle_revision, used[index].revision);
        EXPECT_EQ(consumed.current_revision, used.back().revision);
      }
    }
    if (round % 2 == 0) {
      checked::abandon(store, used.back());
    } else {
      checked::resume_to_end(store, used.back());
    }
  }
}

TEST(handle, is_never_the_same_twice) {
  Store store;
  const Entry entry(store);
  std::set<std::pair<const Continuation*, std::uint64_t>> seen;
  const auto expect_new = [&](Handle handle) {
    EXPECT_TRUE(seen.insert({handle.record, handle.revision}).second);
    return handle;
  };
  for (int round = 0; round < 20; ++round) {
    Handle handle = expect_new(checked::cont_new(store, patient));
    handle = expect_new(checked::cont_bind(store, handle, {}));
    handle = expect_new(checked::resume_to_suspension(store, handle, yield.suspends).handle);
    handle = expect_new(checked::cont_bind(store, handle, numbers(1)));
    switch (round % 3) {
      case 0: checked::resume_to_end(store, handle); break;
      case 1: checked::abandon(store, handle); break;
      default: EXPECT_THROW(checked::resume_throw(store, handle, std::make_exception_ptr(1)), int);
    }
  }
}

TEST(handle, survives_its_transit_as_a_value) {
  Store store;
  const Entry entry(store);
  const Handle fresh = checked::cont_new(store, nothing);
  EXPECT_EQ(to_handle(to_value(fresh)), fresh);
  EXPECT_EQ(to_handle(Value{}), Handle{});
  checked::resume_to_end(store, to_handle(to_value(fresh)));
}

}  // namespace
}  // namespace fiberproof
