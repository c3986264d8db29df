// The oracles of the continuation machine must be able to fail: each accepts what is right, fires
// on an error in exactly what it looks at, and counts that it was asked.
#include "fuzz/oracle/continuation_oracle.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>

namespace fiberproof::fuzz {
namespace {

using State = ReferenceStack::State;
using Trap = ExpectedTrap::Kind;

constexpr std::uint64_t high_bit = std::uint64_t{1} << 63;

/// Asks once, and looks at whom the question was counted for.
template <class Ask>
Verdict asked_of(SpecId id, Ask ask) {
  const OracleCounts before = oracle_counts();
  const Verdict verdict = ask();
  for (std::size_t index = 0; index < before.size(); ++index) {
    const bool is_it = index == static_cast<std::size_t>(id);
    EXPECT_EQ(oracle_counts()[index], before[index] + (is_it ? 1 : 0)) << spec_id_names[index];
  }
  return verdict;
}

template <class Ask>
void expect_accepts(SpecId id, Ask ask) {
  EXPECT_FALSE(asked_of(id, ask).has_value()) << name_of(id);
}

template <class Ask>
void expect_fires(SpecId id, Ask ask) {
  const Verdict verdict = asked_of(id, ask);
  ASSERT_TRUE(verdict.has_value()) << name_of(id);
  EXPECT_EQ(name_of(verdict->id), name_of(id));
  EXPECT_NE(verdict->expected, verdict->got) << verdict->what;
}

/// An oracle of two numbers accepts equal ones, and sees the lowest and the highest bit.
void expect_compares(SpecId id, Verdict (*oracle)(std::uint64_t, std::uint64_t)) {
  expect_accepts(id, [&] { return oracle(7, 7); });
  expect_fires(id, [&] { return oracle(7, 6); });
  expect_fires(id, [&] { return oracle(7, 7 | high_bit); });
  expect_fires(id, [&] { return oracle(0, std::numeric_limits<std::uint64_t>::max()); });
}

TEST(machine_oracle, those_of_two_numbers_compare_all_of_them) {
  expect_compares(SpecId::C1, &oracle::c1_refused_as);
  EXPECT_FALSE(oracle::c1_walk_is_refused(true));
  EXPECT_EQ(oracle::c1_walk_is_refused(false)->id, SpecId::C1);
  expect_compares(SpecId::C2, &oracle::c2_active);
  expect_compares(SpecId::C2, &oracle::c2_parent);
  expect_compares(SpecId::C2, &oracle::c2_identity);
  expect_compares(SpecId::C3, &oracle::c3_last_ancestor);
  expect_compares(SpecId::C6, &oracle::c6_instruction);
  expect_compares(SpecId::C5, &oracle::c5_value_count);
  expect_compares(SpecId::C5, &oracle::c5_length);
  expect_compares(SpecId::C5, &oracle::c5_capacity);
  expect_compares(SpecId::C6, &oracle::c6_frame_count);
  expect_compares(SpecId::C6, &oracle::c6_stack);
  expect_compares(SpecId::C6, &oracle::c6_ends);
  expect_compares(SpecId::C6, &oracle::c6_begins);
  expect_compares(SpecId::C6, &oracle::c6_kind);
  expect_compares(SpecId::C6, &oracle::c6_stops);
  expect_compares(SpecId::C7, &oracle::c7_live);
  expect_compares(SpecId::C7, &oracle::c7_exceptions);
  expect_compares(SpecId::C8, &oracle::c8_overrun_faults);
}

TEST(machine_oracle, the_rule_is_that_of_what_was_expected) {
  const auto rule = [](Arrival::Kind kind, ExpectedTrap trap = {Trap::null_handle}) {
    return oracle::rule_of(Arrival{.kind = kind, .trap = trap});
  };
  EXPECT_EQ(rule(Arrival::Kind::started), SpecId::C2);
  EXPECT_EQ(rule(Arrival::Kind::suspended), SpecId::C2);
  EXPECT_EQ(rule(Arrival::Kind::made), SpecId::L8);
  EXPECT_EQ(rule(Arrival::Kind::trapped), SpecId::T5);
  EXPECT_EQ(rule(Arrival::Kind::caught), SpecId::F3);
  EXPECT_EQ(rule(Arrival::Kind::refused, {Trap::consumed_handle}), SpecId::C1);
  EXPECT_EQ(rule(Arrival::Kind::refused, {Trap::null_handle}), SpecId::C1);
  EXPECT_EQ(rule(Arrival::Kind::refused, {Trap::too_many_values}), SpecId::C5);
  EXPECT_EQ(rule(Arrival::Kind::refused, {Trap::stack_too_small}), SpecId::L5);
  EXPECT_EQ(rule(Arrival::Kind::refused, {Trap::unhandled_switch}), SpecId::C2);
}

TEST(machine_oracle, each_kind_of_arrival_is_told_from_the_others) {
  for (int expected = 0; expected <= static_cast<int>(Arrival::Kind::caught); ++expected) {
    const Arrival arrival{.kind = static_cast<Arrival::Kind>(expected)};
    for (int got = 0; got <= static_cast<int>(Arrival::Kind::caught); ++got) {
      const auto ask = [&] {
        return oracle::arrival_kind(arrival, static_cast<Arrival::Kind>(got));
      };
      got == expected ? expect_accepts(oracle::rule_of(arrival), ask)
                      : expect_fires(oracle::rule_of(arrival), ask);
    }
  }
}

TEST(machine_oracle, where_an_arrival_is_and_by_which_clause) {
  expect_accepts(SpecId::C2, [] { return oracle::arrival_stack(Arrival{.stack = 3}, 3); });
  expect_fires(SpecId::C2, [] { return oracle::arrival_stack(Arrival{.stack = 3}, 0); });
  expect_accepts(SpecId::C2, [] { return oracle::arrival_clause(1, 1); });
  expect_fires(SpecId::C2, [] { return oracle::arrival_clause(1, 0); });
  expect_accepts(SpecId::F3, [] { return oracle::arrival_exception(8, 8); });
  expect_fires(SpecId::F3, [] { return oracle::arrival_exception(8, 9); });
}

TEST(machine_oracle, a_trap_is_compared_with_all_its_facts) {
  const auto expect_each = [](SpecId id, const ExpectedTrap& right) {
    expect_accepts(id, [&] { return oracle::arrival_trap(right, right); });
    ExpectedTrap wrong = right;
    wrong.kind = right.kind == Trap::body_failed ? Trap::null_function : Trap::body_failed;
    expect_fires(id, [&] { return oracle::arrival_trap(right, wrong); });
    for (std::uint64_t ExpectedTrap::* const fact :
         {&ExpectedTrap::first, &ExpectedTrap::second, &ExpectedTrap::third}) {
      wrong = right;
      ++(wrong.*fact);
      expect_fires(id, [&] { return oracle::arrival_trap(right, wrong); });
    }
  };
  expect_each(SpecId::C5, {Trap::too_many_values, 3, 1, 2});
  expect_each(SpecId::L5, {Trap::stack_too_small, 2144, 2112});
  expect_each(SpecId::C1, {Trap::consumed_handle});
  expect_each(SpecId::C2, {Trap::unhandled_suspend, 1});
  expect_each(SpecId::C2, {Trap::body_failed, 9});
}

TEST(machine_oracle, c1_sees_another_record_and_another_revision) {
  expect_accepts(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x1000, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x2000, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x1000, 5, 4); });
  expect_fires(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x1000, 5, 6); });
}

TEST(machine_oracle, c1_wants_a_higher_revision_after_a_use_and_the_same_without) {
  expect_accepts(SpecId::C1, [] { return oracle::c1_revision(true, 5, 6); });
  expect_accepts(SpecId::C1, [] { return oracle::c1_revision(true, 5, 9); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(true, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(true, 5, 4); });
  expect_accepts(SpecId::C1, [] { return oracle::c1_revision(false, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(false, 5, 6); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(false, 5, 4); });
}

TEST(machine_oracle, c2_knows_the_numbers_of_the_states) {
  const State states[] = {State::fresh,     State::running,  State::parent,
                          State::suspended, State::returned, State::trapped};
  for (std::uint64_t number = 0; number < 6; ++number) {
    for (std::uint64_t got = 0; got <= 6; ++got) {
      const auto ask = [&] { return oracle::c2_state(states[number], got); };
      got == number ? expect_accepts(SpecId::C2, ask) : expect_fires(SpecId::C2, ask);
    }
  }
}

TEST(machine_oracle, c4_compares_each_of_the_four_words) {
  const oracle::LimitWords right = {0x1000, 0x1100, 0x1108, 0x2000};
  expect_accepts(SpecId::C4, [&] { return oracle::c4_limits(right, right); });
  for (std::size_t index = 0; index < right.size(); ++index) {
    oracle::LimitWords wrong = right;
    wrong[index] ^= high_bit;
    expect_fires(SpecId::C4, [&] { return oracle::c4_limits(right, wrong); });
  }
}

TEST(machine_oracle, c4_wants_the_first_entry_on_the_stack_that_was_entered) {
  const Span stack{0x1000, 0x2000};
  const auto ask = [&](oracle::LimitWords got) {
    return [&stack, got] { return oracle::c4_first_limits(stack, 0x5000, got); };
  };
  expect_accepts(SpecId::C4, ask({0x1000, 0x1100, 0x10f8, 0x5000}));
  expect_accepts(SpecId::C4, ask({0x1000, 0x1000, 0x1fff, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1008, 0x1100, 0x10f8, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1000, 0x0fff, 0x10f8, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1000, 0x1100, 0x2008, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1000, 0x1100, 0x10f8, 0}));
}

TEST(machine_oracle, c4_wants_no_entry_noted_on_a_fresh_stack) {
  const Span stack{0x1000, 0x2000};
  const auto ask = [&](oracle::LimitWords got) {
    return [&stack, got] { return oracle::c4_fresh_limits(stack, 0x5000, got); };
  };
  expect_accepts(SpecId::C4, ask({0x1000, 0, 0, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1000, 0x1100, 0, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1000, 0, 0x10f8, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1008, 0, 0, 0x5000}));
  expect_fires(SpecId::C4, ask({0x1000, 0, 0, 0}));
}

TEST(machine_oracle, c4_fires_with_two_values_at_the_end_of_the_stack) {
  const Span stack{0x1000, 0x2000};
  expect_fires(SpecId::C4, [&] {
    return oracle::c4_first_limits(stack, 0x5000, {0x1000, 0x2000, 0x10f8, 0x5000});
  });
  expect_fires(SpecId::C4, [&] {
    return oracle::c4_first_limits(stack, 0x5000, {0x1000, 0x1100, 0x2000, 0x5000});
  });
}

TEST(machine_oracle, c7_wants_no_record_made_while_another_has_no_stack) {
  expect_accepts(SpecId::C7, [] { return oracle::c7_records_used_again(0); });
  expect_fires(SpecId::C7, [] { return oracle::c7_records_used_again(1); });
}

TEST(machine_oracle, c5_wants_the_buffers_of_what_trapped_cleared) {
  expect_accepts(SpecId::C5, [] { return oracle::c5_cleared({0, 0, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_cleared({1, 0, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_cleared({0, 1, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_cleared({0, 0, 0x1000}); });
}

TEST(machine_oracle, c5_compares_both_halves_of_a_value) {
  const PlainValue right = value_made(12, 3);
  EXPECT_FALSE(oracle::c5_value(right, right));
  for (const PlainValue& wrong :
       {PlainValue{right.low ^ 1, right.high}, PlainValue{right.low, right.high ^ high_bit}}) {
    const Verdict verdict = oracle::c5_value(right, wrong);
    ASSERT_TRUE(verdict.has_value());
    EXPECT_EQ(verdict->id, SpecId::C5);
    EXPECT_NE(verdict->expected, verdict->got);
  }
}

TEST(machine_oracle, values_of_different_steps_and_places_differ) {
  EXPECT_NE(value_made(1, 0), value_made(0, 1));
  EXPECT_NE(value_made(1, 0), value_made(1, 1));
  EXPECT_NE(value_made(1, 0).high, value_made(2, 0).high);
}

TEST(machine_oracle, c6_wants_a_walk_to_its_end) {
  expect_accepts(SpecId::C6, [] { return oracle::c6_walked(true); });
  expect_fires(SpecId::C6, [] { return oracle::c6_walked(false); });
}

TEST(machine_oracle, c7_sees_stacks_that_share_a_byte) {
  const auto ask = [](Span made, Span in_use) {
    return [made, in_use] { return oracle::c7_stacks_apart(made, in_use); };
  };
  expect_accepts(SpecId::C7, ask({0x1000, 0x2000}, {0x2000, 0x3000}));
  expect_accepts(SpecId::C7, ask({0x2000, 0x3000}, {0x1000, 0x2000}));
  expect_fires(SpecId::C7, ask({0x1000, 0x2008}, {0x2000, 0x3000}));
  expect_fires(SpecId::C7, ask({0x2ff8, 0x4000}, {0x2000, 0x3000}));
  expect_fires(SpecId::C7, ask({0x2100, 0x2200}, {0x2000, 0x3000}));
}

TEST(machine_oracle, c7_fires_with_two_values_on_the_same_stack) {
  expect_fires(SpecId::C7,
               [] { return oracle::c7_stacks_apart({0x2000, 0x3000}, {0x2000, 0x3000}); });
}

TEST(machine_oracle, c8_wants_64_kib_of_guard_pages_right_below_the_limit) {
  const auto ask = [](Span guard) {
    return [guard] { return oracle::c8_guard_pages({0x25000, 0x29000}, guard); };
  };
  expect_accepts(SpecId::C8, ask({0x15000, 0x25000}));
  expect_accepts(SpecId::C8, ask({0x14ff0, 0x24ff0}));  // the top is staggered
  expect_fires(SpecId::C8, ask({0x15000, 0x24ff0}));
  expect_fires(SpecId::C8, ask({0x15000, 0x26000}));
  expect_fires(SpecId::C8, ask({0x15010, 0x25010}));
  expect_fires(SpecId::C8, ask({0x14000, 0x24000}));
  expect_fires(SpecId::C8, ask({0x24000, 0x25000}));  // one page alone
}

TEST(machine_oracle, c8_wants_every_guard_page_inaccessible) {
  expect_accepts(SpecId::C8, [] { return oracle::c8_guard_is_whole(std::nullopt); });
  expect_fires(SpecId::C8, [] { return oracle::c8_guard_is_whole(0x16000); });
}

}  // namespace
}  // namespace fiberproof::fuzz
