// The oracles of continuations can fail: each accepts what is right, reports an error in each word
// that it compares, and counts its question.
#include "fuzz/oracle/continuation_oracle.hpp"
#include "fuzz/oracle/report.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <limits>
#include <set>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

using State = ReferenceStack::State;
using Trap = ExpectedTrap::Kind;

constexpr std::uint64_t high_bit = std::uint64_t{1} << 63;

/// Asks once, and checks that the question was counted for `id` alone.
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

TEST(continuation_oracle, same_compares_all_bits_of_two_numbers) {
  const auto ask = [](std::uint64_t expected, std::uint64_t got) {
    return [expected, got] { return oracle::same(SpecId::C3, "number", expected, got); };
  };
  expect_accepts(SpecId::C3, ask(7, 7));
  expect_fires(SpecId::C3, ask(7, 6));
  expect_fires(SpecId::C3, ask(7, 7 | high_bit));
  expect_fires(SpecId::C3, ask(0, std::numeric_limits<std::uint64_t>::max()));
}

TEST(continuation_oracle, same_compares_truth_values) {
  for (const bool expected : {false, true}) {
    const auto ask = [expected](bool got) {
      return [expected, got] { return oracle::same(SpecId::C8, "it is so", expected, got); };
    };
    expect_accepts(SpecId::C8, ask(expected));
    expect_fires(SpecId::C8, ask(!expected));
  }
}

TEST(continuation_oracle, a_violation_names_outcomes) {
  const auto sentence = [](const Verdict& verdict) { return sentence_of(*verdict); };
  EXPECT_EQ(sentence(oracle::same(SpecId::C2, "outcome of the step", Arrival::Kind::returned,
                                  Arrival::Kind::trapped)),
            "outcome of the step: expected `returned`, got `trapped`");
  EXPECT_EQ(sentence(oracle::same(SpecId::C2, "state", State::fresh, static_cast<State>(9))),
            "state: expected `fresh`, got `unknown`");
  EXPECT_EQ(sentence(oracle::same(SpecId::C8, "the stack has guard pages", true, false)),
            "the stack has guard pages: expected `true`, got `false`");
  EXPECT_EQ(sentence(oracle::same(SpecId::C5, "number of values that arrive", 2, 17)),
            "number of values that arrive: expected 0x2, got 0x11");
  EXPECT_EQ(sentence(oracle::arrival_trap({Trap::no_stack, 30, 0}, {Trap::no_stack, 30, 1})),
            "reason why there is no stack: expected `too large`, got `too small`");
}

TEST(continuation_oracle, the_rule_follows_from_the_expected_arrival) {
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

TEST(continuation_oracle, outcomes_and_states_have_names_of_their_own) {
  std::set<std::string_view> outcomes;
  for (int kind = 0; kind <= static_cast<int>(Arrival::Kind::caught); ++kind) {
    outcomes.insert(name_of(static_cast<Arrival::Kind>(kind)));
  }
  EXPECT_EQ(outcomes.size(), 9u);
  std::set<std::string_view> states;
  for (int state = 0; state <= static_cast<int>(State::trapped); ++state) {
    states.insert(name_of(static_cast<State>(state)));
  }
  EXPECT_EQ(states.size(), 6u);
  std::set<std::string_view> traps;
  for (int kind = 0; kind <= static_cast<int>(Trap::no_stack); ++kind) {
    traps.insert(name_of(static_cast<Trap>(kind)));
  }
  EXPECT_EQ(traps.size(), 9u);
}

TEST(continuation_oracle, arrival_trap_compares_the_kind_and_each_number) {
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

TEST(continuation_oracle, c1_rejects_a_wrong_record_and_a_wrong_revision) {
  expect_accepts(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x1000, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x2000, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x1000, 5, 4); });
  expect_fires(SpecId::C1, [] { return oracle::c1_handle(0x1000, 0x1000, 5, 6); });
}

TEST(continuation_oracle, c1_requires_a_higher_revision_after_a_use_only) {
  expect_accepts(SpecId::C1, [] { return oracle::c1_revision(true, 5, 6); });
  expect_accepts(SpecId::C1, [] { return oracle::c1_revision(true, 5, 9); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(true, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(true, 5, 4); });
  expect_accepts(SpecId::C1, [] { return oracle::c1_revision(false, 5, 5); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(false, 5, 6); });
  expect_fires(SpecId::C1, [] { return oracle::c1_revision(false, 5, 4); });
}

TEST(continuation_oracle, the_states_have_the_numbers_of_the_specification) {
  const State states[] = {State::fresh,     State::running,  State::parent,
                          State::suspended, State::returned, State::trapped};
  for (std::uint64_t number = 0; number < 6; ++number) {
    EXPECT_EQ(static_cast<std::uint64_t>(states[number]), number);
  }
}

TEST(continuation_oracle, c4_compares_each_of_the_four_words) {
  const oracle::LimitWords right = {0x1000, 0x1100, 0x1108, 0x2000};
  expect_accepts(SpecId::C4, [&] { return oracle::c4_limits(right, right); });
  for (std::size_t index = 0; index < right.size(); ++index) {
    oracle::LimitWords wrong = right;
    wrong[index] ^= high_bit;
    expect_fires(SpecId::C4, [&] { return oracle::c4_limits(right, wrong); });
  }
}

TEST(continuation_oracle, c4_requires_the_first_entry_on_its_own_stack) {
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

TEST(continuation_oracle, c4_requires_no_entry_on_a_fresh_stack) {
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

TEST(continuation_oracle, c4_reports_different_values_at_the_end_of_the_stack) {
  const Span stack{0x1000, 0x2000};
  expect_fires(SpecId::C4, [&] {
    return oracle::c4_first_limits(stack, 0x5000, {0x1000, 0x2000, 0x10f8, 0x5000});
  });
  expect_fires(SpecId::C4, [&] {
    return oracle::c4_first_limits(stack, 0x5000, {0x1000, 0x1100, 0x2000, 0x5000});
  });
}

TEST(continuation_oracle, c5_requires_cleared_buffers_after_a_trap) {
  expect_accepts(SpecId::C5, [] { return oracle::c5_cleared({0, 0, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_cleared({1, 0, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_cleared({0, 1, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_cleared({0, 0, 0x1000}); });
}

TEST(continuation_oracle, c5_compares_each_word_of_an_args_object_and_of_a_room) {
  const oracle::BufferWords right = {1, 3, 0x1000};
  expect_accepts(SpecId::C5, [&] { return oracle::c5_args(right, right); });
  expect_accepts(SpecId::C5, [&] { return oracle::c5_room(right, right); });
  for (std::size_t index = 0; index < right.size(); ++index) {
    oracle::BufferWords wrong = right;
    wrong[index] ^= high_bit;
    expect_fires(SpecId::C5, [&] { return oracle::c5_args(right, wrong); });
    expect_fires(SpecId::C5, [&] { return oracle::c5_room(right, wrong); });
  }
  expect_accepts(SpecId::C5, [] { return oracle::c5_room({0, 0, 0x1000}, {0, 0, 0}); });
  expect_fires(SpecId::C5, [] { return oracle::c5_args({0, 0, 0}, {0, 0, 0x1000}); });
}

TEST(continuation_oracle, c5_wants_the_words_beside_values_untouched) {
  std::array<std::uint64_t, 4> words;
  const auto address = reinterpret_cast<std::uint64_t>(&words);
  const Span span{address, address + sizeof words};
  fill_with_pattern(span);
  expect_accepts(SpecId::C5, [&] { return oracle::c5_untouched(span); });
  expect_accepts(SpecId::C5, [&] { return oracle::c5_untouched({address, address}); });
  write_word(address + 24, read_word(address + 24) ^ high_bit);
  expect_fires(SpecId::C5, [&] { return oracle::c5_untouched(span); });
  expect_accepts(SpecId::C5, [&] { return oracle::c5_untouched({address, address + 24}); });
}

TEST(continuation_oracle, c7_compares_whose_stack_a_record_has) {
  const oracle::StackFacts right{0x1000, 0x2000, 0x3000, true, false};
  expect_accepts(SpecId::C7, [&] { return oracle::c7_stack_facts(right, right); });
  const auto expect_each = [&](auto change) {
    oracle::StackFacts wrong = right;
    change(wrong);
    expect_fires(SpecId::C7, [&] { return oracle::c7_stack_facts(right, wrong); });
  };
  expect_each([](oracle::StackFacts& facts) { facts.stack ^= high_bit; });
  expect_each([](oracle::StackFacts& facts) { facts.control_context ^= high_bit; });
  expect_each([](oracle::StackFacts& facts) { facts.sanitizer ^= high_bit; });
  expect_each([](oracle::StackFacts& facts) { facts.is_pooled = false; });
  expect_each([](oracle::StackFacts& facts) { facts.is_kept = true; });
}

TEST(continuation_oracle, c5_compares_both_halves_of_a_value) {
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

TEST(continuation_oracle, values_of_different_steps_and_places_differ) {
  EXPECT_NE(value_made(1, 0), value_made(0, 1));
  EXPECT_NE(value_made(1, 0), value_made(1, 1));
  EXPECT_NE(value_made(1, 0).high, value_made(2, 0).high);
}

TEST(continuation_oracle, c7_rejects_stacks_that_share_a_byte) {
  const auto ask = [](Span made, Span in_use) {
    return [made, in_use] { return oracle::c7_stacks_apart(made, in_use); };
  };
  expect_accepts(SpecId::C7, ask({0x1000, 0x2000}, {0x2000, 0x3000}));
  expect_accepts(SpecId::C7, ask({0x2000, 0x3000}, {0x1000, 0x2000}));
  expect_fires(SpecId::C7, ask({0x1000, 0x2008}, {0x2000, 0x3000}));
  expect_fires(SpecId::C7, ask({0x2ff8, 0x4000}, {0x2000, 0x3000}));
  expect_fires(SpecId::C7, ask({0x2100, 0x2200}, {0x2000, 0x3000}));
}

TEST(continuation_oracle, c7_reports_different_values_for_the_same_stack) {
  expect_fires(SpecId::C7,
               [] { return oracle::c7_stacks_apart({0x2000, 0x3000}, {0x2000, 0x3000}); });
}

TEST(continuation_oracle, c8_requires_64_kib_of_guard_pages_right_below_the_limit) {
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

}  // namespace
}  // namespace fiberproof::fuzz
