// The search for a handler goes by the address of the tag, among clauses of the right kind; the
// nearest stack outward wins.
#include "core/tests/checked.hpp"

#include <gtest/gtest.h>
#include <array>
#include <span>
#include <utility>

namespace fiberproof {
namespace {

const NamedTag yield("yield");
const NamedTag peer("peer");
const NamedTag other("other");
const NamedTag third("third");

/// Suspends itself to the handler of `yield` once, with 1, and returns what it is given.
const Body yields(0, 1, [](Store& store, std::span<Value> values) {
  checked::suspend(store, yield.tag, numbers(1), values);
});

/// Switches nowhere: returns the handle that it is switched to with.
const Body returns_handle(1, 1, [](std::span<Value>) {});

// Suspend clauses.

TEST(handler, index_is_that_of_its_first_clause) {
  Store store;
  const Entry entry(store);
  const std::array<const Tag*, 5> tags{&other.tag, &third.tag, &yield.tag, &other.tag, &yield.tag};
  const Handlers handlers = Handlers::suspends(tags);
  for (const auto& [tag, index] : {std::pair{&other.tag, 0u}, {&third.tag, 1u}, {&yield.tag, 2u}}) {
    Body body(0, 0, [&](std::span<Value>) { checked::suspend(store, *tag); });
    const Outcome outcome =
        checked::resume_to_suspension(store, checked::cont_new(store, body), handlers);
    EXPECT_EQ(outcome.handler_index, index);
    checked::abandon(store, outcome.handle);
  }
}

TEST(handler, is_found_by_the_address_of_the_tag_not_its_name) {
  Store store;
  const Entry entry(store);
  const NamedTag namesake("yield");
  const std::array<const Tag*, 2> tags{&namesake.tag, &yield.tag};
  const Outcome outcome = checked::resume_to_suspension(store, checked::cont_new(store, yields),
                                                        Handlers::suspends(tags));
  EXPECT_EQ(outcome.handler_index, 1u);
  checked::abandon(store, outcome.handle);
}

TEST(handler, nearest_outward_wins) {
  Store store;
  const Entry entry(store);
  Body outer(0, 0, [&](std::span<Value>) {
    const Outcome inner =
        checked::resume_to_suspension(store, checked::cont_new(store, yields), yield.suspends);
    EXPECT_TRUE(are_numbers(inner.values, {1}));
    EXPECT_TRUE(are_numbers(checked::resume_to_end(store, inner.handle, numbers(2)), {2}));
  });
  checked::resume_to_end(store, checked::cont_new(store, outer), {}, yield.suspends);
}

TEST(handler, of_another_tag_is_skipped) {
  Store store;
  const Entry entry(store);
  Body outer(0, 0, [&](std::span<Value>) {
    EXPECT_TRUE(are_numbers(
        checked::resume_to_end(store, checked::cont_new(store, yields), {}, other.suspends), {2}));
  });
  const Handle handle = checked::cont_new(store, outer);
  const Outcome outcome = checked::resume_to_suspension(store, handle, yield.suspends);
  EXPECT_NE(outcome.handle.record, handle.record) << "the inner one, with the outer behind it";
  EXPECT_EQ(outcome.handle.record->last_ancestor, handle.record);
  checked::resume_to_end(store, outcome.handle, numbers(2));
}

TEST(handler, of_a_switch_does_not_match_a_suspension) {
  Store store;
  const Entry entry(store);
  Body outer(0, 0, [&](std::span<Value>) {
    checked::resume_to_end(store, checked::cont_new(store, yields), {}, yield.switches);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, outer), yield.suspends);
  EXPECT_TRUE(are_numbers(outcome.values, {1}));
  checked::resume_to_end(store, outcome.handle);
}

TEST(handler, of_a_switch_in_the_same_table_is_ignored_by_suspend) {
  Store store;
  const Entry entry(store);
  const std::array<const Tag*, 3> tags{&other.tag, &yield.tag, &yield.tag};
  const Handlers handlers{tags, 1};
  Body body(0, 0, [&](std::span<Value>) {
    reason<UnhandledTag>(refusal_of(store, [&] { return suspend(store, yield.tag); }));
    checked::suspend(store, other.tag);
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, body), handlers);
  checked::resume_to_end(store, outcome.handle);
}

TEST(handler, on_the_suspending_stack_itself_is_ignored) {
  Store store;
  const Entry entry(store);
  const Body nothing(0, 0, [](std::span<Value>) {});
  Body body(0, 0, [&](std::span<Value>) {
    checked::resume_to_end(store, checked::cont_new(store, nothing), {}, yield.suspends);
    reason<UnhandledTag>(refusal_of(store, [&] { return suspend(store, yield.tag); }));
  });
  checked::resume_to_end(store, checked::cont_new(store, body), {}, other.suspends);
}

TEST(handler, of_an_earlier_resume_is_gone) {
  Store store;
  const Entry entry(store);
  const Body suspends_in_vain(0, 0, [&](std::span<Value>) {
    reason<UnhandledTag>(refusal_of(store, [&] { return suspend(store, yield.tag); }));
  });
  const Outcome outcome =
      checked::resume_to_suspension(store, checked::cont_new(store, yields), yield.suspends);
  checked::resume_to_end(store, outcome.handle);
  checked::resume_to_end(store, checked::cont_new(store, suspends_in_vain));
  Body outer(0, 0, [&](std::span<Value>) {
    const Handle inner = checked::cont_new(store, yields);
    checked::resume_to_end(store,
                           checked::resume_to_suspension(store, inner, yield.suspends).handle);
    checked::resume_to_end(store, checked::cont_new(store, suspends_in_vain));
  });
  checked::resume_to_end(store, checked::cont_new(store, outer));
}

// Switch clauses.

TEST(switch_handler, nearest_outward_wins) {
  Store store;
  const Entry entry(store);
  Body switches(0, 0, [&](std::span<Value>) {
    checked::switch_to(store, checked::cont_new(store, returns_handle), peer.tag);
  });
  bool returned_here = false;
  Body outer(0, 0, [&](std::span<Value>) {
    const Value left =
        checked::resume_to_end(store, checked::cont_new(store, switches), {}, peer.switches)[0];
    returned_here = true;
    checked::resume_to_end(store, to_handle(left));
  });
  checked::resume_to_end(store, checked::cont_new(store, outer), {}, peer.switches);
  EXPECT_TRUE(returned_here);
}

TEST(switch_handler, is_found_past_suspend_clauses_for_the_same_tag) {
  Store store;
  const Entry entry(store);
  Body switches(0, 0, [&](std::span<Value>) {
    checked::switch_to(store, checked::cont_new(store, returns_handle), peer.tag);
  });
  Body outer(0, 0, [&](std::span<Value>) {
    checked::resume(store, checked::cont_new(store, switches), {}, peer.suspends);
    ADD_FAILURE() << "cut off with the inner stack";
  });
  const Handle outer_handle = checked::cont_new(store, outer);
  const Value left = checked::resume_to_end(store, outer_handle, {}, peer.switches)[0];
  EXPECT_EQ(to_handle(left).record->last_ancestor, outer_handle.record);
  checked::abandon(store, to_handle(left));
}

TEST(switch_handler, is_found_by_the_address_of_the_tag) {
  Store store;
  const Entry entry(store);
  const NamedTag namesake("peer");
  Body switches(0, 0, [&](std::span<Value>) {
    checked::switch_to(store, checked::cont_new(store, returns_handle), peer.tag);
  });
  const std::array<const Tag*, 4> tags{&peer.tag, &namesake.tag, &other.tag, &peer.tag};
  const Value left =
      checked::resume_to_end(store, checked::cont_new(store, switches), {}, {tags, 1})[0];
  checked::resume_to_end(store, to_handle(left));
  Body refused(0, 0, [&](std::span<Value>) {
    const Handle to = checked::cont_new(store, returns_handle);
    reason<UnhandledTag>(refusal_of(store, [&] { return switch_to(store, to, peer.tag); }));
    checked::abandon(store, to);
  });
  checked::resume_to_end(store, checked::cont_new(store, refused), {},
                         {std::span(tags).first(3), 1});
}

}  // namespace
}  // namespace fiberproof
