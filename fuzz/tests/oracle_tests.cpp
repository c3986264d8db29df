// Oracles must be able to fail: each accepts what is right, and fires on an error planted in
// exactly what it looks at.
#include "fuzz/oracle/oracle.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <set>
#include <utility>

namespace fiberproof::fuzz {
namespace {

/// A stack laid out by hand for 3 parameters and 2 results, with the numbers of spec 2.
class LaidOutByHand {
 public:
  LaidOutByHand() {
    top_ = reinterpret_cast<std::uint64_t>(words_.data() + words_.size()) & ~std::uint64_t{15};
    const Span all{reinterpret_cast<std::uint64_t>(words_.data()), top_};
    fill_with_pattern(all);
    request = {top_,   2048 + 0x40 + 48 + 64,
               3,      2,
               0x1000, 0x2000,
               0x3000, reinterpret_cast<std::uint64_t>(args.data())};
    at(0x08) = 0x1000;
    at(0x10) = top_ - 0x10;
    at(0x18) = top_ - 0x40 - 48;
    at(0x20) = 3;
    at(0x28 + 48) = 0x2000;
    at(0x30 + 48) = 0x3000;
    at(0x38 + 48) = request.args_object;
    at(0x40 + 48) = 2;
    args = {std::uint64_t{3} << 32, top_ - 0x20 - 48};
  }

  std::uint64_t& at(std::uint64_t below_top) {
    return *reinterpret_cast<std::uint64_t*>(top_ - below_top);
  }

  LayoutRequest request{};
  std::array<std::uint64_t, 2> args{};

 private:
  alignas(16) std::array<std::uint64_t, 512> words_{};
  std::uint64_t top_ = 0;
};

void expect_fires(const Verdict& verdict, SpecId id) {
  ASSERT_TRUE(verdict.has_value()) << name_of(id);
  EXPECT_EQ(name_of(verdict->id), name_of(id));
  EXPECT_NE(verdict->expected, verdict->got);
}

TEST(oracle, a_right_layout_is_accepted) {
  const LaidOutByHand stack;
  EXPECT_FALSE(oracle::l1_control_context_and_capacity(stack.request));
  EXPECT_FALSE(oracle::l2_launch_words(stack.request));
  EXPECT_FALSE(oracle::l3_args_object(stack.request));
  EXPECT_FALSE(oracle::l6_regions_do_not_overlap(stack.request));
  EXPECT_FALSE(oracle::l7_aligned(stack.request));
  EXPECT_FALSE(oracle::t6_capacity_untouched(stack.request));
  EXPECT_FALSE(oracle::l5_l8_fits_or_refused(stack.request, {true, 0, 0}));
}

TEST(oracle, each_of_the_eight_words_is_looked_at) {
  for (const std::uint64_t below_top : {0x08u, 0x10u, 0x18u, 0x20u}) {
    LaidOutByHand stack;
    ++stack.at(below_top);
    expect_fires(oracle::l1_control_context_and_capacity(stack.request), SpecId::L1);
  }
  for (const std::uint64_t below_base : {0x28u, 0x30u, 0x38u, 0x40u}) {
    LaidOutByHand stack;
    stack.at(below_base + 48) += std::uint64_t{1} << 32;
    expect_fires(oracle::l2_launch_words(stack.request), SpecId::L2);
  }
}

TEST(oracle, l3_sees_length_capacity_and_data) {
  LaidOutByHand length;
  length.args[0] += 1;
  expect_fires(oracle::l3_args_object(length.request), SpecId::L3);
  LaidOutByHand capacity;
  capacity.args[0] += std::uint64_t{1} << 32;
  expect_fires(oracle::l3_args_object(capacity.request), SpecId::L3);
  LaidOutByHand data;
  data.args[1] += 16;
  expect_fires(oracle::l3_args_object(data.request), SpecId::L3);
}

TEST(oracle, l3_wants_null_for_no_values) {
  LaidOutByHand stack;
  stack.request.params = stack.request.returns = 0;
  stack.args = {0, 0};
  EXPECT_FALSE(oracle::l3_args_object(stack.request));
  stack.args[1] = stack.request.top - 0x20;
  expect_fires(oracle::l3_args_object(stack.request), SpecId::L3);
}

TEST(oracle, l3_wants_all_but_the_buffer_forbidden) {
  const LaidOutByHand stack;
  const std::uint64_t top = stack.request.top;
  const std::uint64_t buffer = top - 0x20 - 16 * stack.request.capacity();
  for (std::uint64_t word = stack.request.first_rsp(); word < top; word += 8) {
    const bool is_buffer = word >= buffer && word < top - 0x20;
    EXPECT_FALSE(oracle::l3_forbidden(stack.request, word, !is_buffer));
    expect_fires(oracle::l3_forbidden(stack.request, word, is_buffer), SpecId::L3);
  }
}

TEST(oracle, c4_wants_an_entry_below_the_args_buffer) {
  const LaidOutByHand stack;
  const std::uint64_t lowest = stack.request.top - stack.request.usable_bytes;
  const std::uint64_t buffer = stack.request.top - 0x20 - 16 * stack.request.capacity();
  EXPECT_FALSE(oracle::c4_entry(stack.request, buffer - 8, lowest));
  expect_fires(oracle::c4_entry(stack.request, buffer, lowest), SpecId::C4);
  expect_fires(oracle::c4_entry(stack.request, buffer - 8, buffer), SpecId::C4);
  expect_fires(oracle::c4_entry(stack.request, lowest - 8, lowest), SpecId::C4);
  expect_fires(oracle::c4_entry(stack.request, lowest, lowest - 8), SpecId::C4);
}

TEST(oracle, l4_l5_t6_and_l8_see_one_changed_word) {
  alignas(16) std::array<std::uint64_t, 64> memory;
  const auto lowest = reinterpret_cast<std::uint64_t>(memory.data());
  const std::array<Span, 1> watched{Span{lowest, lowest + sizeof memory}};
  fill_with_pattern(watched[0]);
  LaidOutByHand stack;
  stack.args = {0, 0};
  EXPECT_FALSE(oracle::l4_nothing_else_written(watched));
  EXPECT_FALSE(oracle::l5_refusal_wrote_nothing(stack.request, watched));
  memory[40] = 0;
  expect_fires(oracle::l4_nothing_else_written(watched), SpecId::L4);
  expect_fires(oracle::l5_refusal_wrote_nothing(stack.request, watched), SpecId::L5);
  expect_fires(oracle::t6_untouched(watched[0]), SpecId::T6);
  expect_fires(oracle::l8_room_sufficed(watched[0]), SpecId::L8);
  expect_fires(oracle::s4_locals(watched[0]), SpecId::S4);
}

TEST(oracle, l5_wants_an_empty_args_object_after_a_refusal) {
  LaidOutByHand stack;
  expect_fires(oracle::l5_refusal_wrote_nothing(stack.request, {}), SpecId::L5);
}

TEST(oracle, l5_and_l8_know_both_limits_to_the_byte) {
  LaidOutByHand stack;
  const std::uint64_t laid_out = 0x40 + 48;
  LayoutRequest& request = stack.request;
  request.usable_bytes = laid_out + 2048;
  expect_fires(oracle::l5_l8_fits_or_refused(request, {false, laid_out + 2048, laid_out + 2048}),
               SpecId::L8);
  request.usable_bytes = laid_out + 2047;
  EXPECT_FALSE(oracle::l5_l8_fits_or_refused(request, {false, laid_out + 2048, laid_out + 2047}));
  expect_fires(oracle::l5_l8_fits_or_refused(request, {true, 0, 0}), SpecId::L8);
  request.usable_bytes = laid_out - 1;
  EXPECT_FALSE(oracle::l5_l8_fits_or_refused(request, {false, laid_out + 2048, laid_out - 1}));
  expect_fires(oracle::l5_l8_fits_or_refused(request, {true, 0, 0}), SpecId::L5);
  expect_fires(oracle::l5_l8_fits_or_refused(request, {false, laid_out, laid_out - 1}), SpecId::L5);
  expect_fires(oracle::l5_l8_fits_or_refused(request, {false, laid_out + 2048, laid_out}),
               SpecId::L5);
}

TEST(oracle, l6_sees_regions_that_touch_or_wrap) {
  LaidOutByHand lower;
  lower.at(0x18) -= 16;
  expect_fires(oracle::l6_regions_do_not_overlap(lower.request), SpecId::L6);
  LaidOutByHand beyond;
  beyond.request.usable_bytes = 0x40 + 40;
  expect_fires(oracle::l6_regions_do_not_overlap(beyond.request), SpecId::L6);
  LaidOutByHand wrapped;
  wrapped.args[1] += 16;
  expect_fires(oracle::l6_regions_do_not_overlap(wrapped.request), SpecId::L6);
}

TEST(oracle, l7_sees_each_misaligned_address) {
  LaidOutByHand data;
  data.args[1] += 8;
  expect_fires(oracle::l7_aligned(data.request), SpecId::L7);
  LaidOutByHand rsp;
  rsp.at(0x18) += 8;
  expect_fires(oracle::l7_aligned(rsp.request), SpecId::L7);
  LaidOutByHand top;
  top.request.top += 8;
  expect_fires(oracle::l7_aligned(top.request), SpecId::L7);
}

TEST(oracle, the_switch_oracles_fire) {
  const oracle::ContextWords left{0x1000, 0x1010, 0x5000};
  EXPECT_FALSE(oracle::s1_stored(left, left));
  expect_fires(oracle::s1_stored(left, {0x1008, 0x1010, 0x5000}), SpecId::S1);
  expect_fires(oracle::s1_stored(left, {0x1000, 0x1018, 0x5000}), SpecId::S1);
  expect_fires(oracle::s1_stored(left, {0x1000, 0x1010, 0x5001}), SpecId::S1);
  expect_fires(oracle::s1_arrived(left, 0x0ff8, 0x1010), SpecId::S1);
  expect_fires(oracle::s1_arrived(left, 0x1000, 0x1018), SpecId::S1);

  const std::array<std::uint64_t, 1> sites{0x5000};
  const Span stack{0x0800, 0x2000};
  EXPECT_FALSE(oracle::s1_stored_somewhere(left, stack, 1, sites));
  expect_fires(oracle::s1_stored_somewhere({0x700, 0x1010, 0x5000}, stack, 1, sites), SpecId::S1);
  expect_fires(oracle::s1_stored_somewhere({0x1018, 0x1010, 0x5000}, stack, 1, sites), SpecId::S1);
  expect_fires(oracle::s1_stored_somewhere(left, stack, std::nullopt, sites), SpecId::S1);
  expect_fires(oracle::s1_stored_somewhere({0x1000, 0x1010, 0x5004}, stack, 1, sites), SpecId::S1);

  EXPECT_FALSE(oracle::s2_only_the_context_written(left, left));
  expect_fires(oracle::s2_only_the_context_written(left, {0x1000, 0x1010, 0x5004}), SpecId::S2);
  const CalleeSaved kept{1, 2, 3, 4, 5};
  EXPECT_FALSE(oracle::s4_kept_by_the_caller(kept, kept));
  for (const CalleeSaved lost :
       {CalleeSaved{0, 2, 3, 4, 5}, CalleeSaved{1, 0, 3, 4, 5}, CalleeSaved{1, 2, 0, 4, 5},
        CalleeSaved{1, 2, 3, 0, 5}, CalleeSaved{1, 2, 3, 4, 0}}) {
    expect_fires(oracle::s4_kept_by_the_caller(kept, lost), SpecId::S4);
  }
}

TEST(oracle, s5_sees_a_resume_that_is_not_refused_or_changes_something) {
  const oracle::ContinuationSeen seen{4, 7, {0x1000, 0x1010, 0x5000}, 2, 0x6000};
  EXPECT_FALSE(oracle::s5_consumed(4, 7, seen, seen));
  expect_fires(oracle::s5_consumed(1, 7, seen, seen), SpecId::S5);
  expect_fires(oracle::s5_consumed(4, std::nullopt, seen, seen), SpecId::S5);
  expect_fires(oracle::s5_consumed(4, 8, seen, seen), SpecId::S5);
  const oracle::ContinuationSeen changed[] = {
      {1, 7, seen.context, 2, 0x6000},
      {4, 8, seen.context, 2, 0x6000},
      {4, 7, {0x1008, 0x1010, 0x5000}, 2, 0x6000},
      {4, 7, {0x1000, 0x1018, 0x5000}, 2, 0x6000},
      {4, 7, {0x1000, 0x1010, 0x5001}, 2, 0x6000},
      {4, 7, seen.context, 1, 0x6000},
      {4, 7, seen.context, 2, 0x6010},
  };
  for (const oracle::ContinuationSeen& after : changed) {
    expect_fires(oracle::s5_consumed(4, 7, seen, after), SpecId::S5);
  }
}

TEST(oracle, the_trampoline_oracles_fire) {
  LaidOutByHand stack;
  const LayoutRequest& request = stack.request;
  Registers entry{};
  entry.rsp = request.top - 0x40 - 48;
  entry.rbp = request.top - 0x10;
  EXPECT_FALSE(oracle::t1_entry(request, entry));
  ++entry.rsp;
  expect_fires(oracle::t1_entry(request, entry), SpecId::T1);
  --entry.rsp;
  ++entry.rbp;
  expect_fires(oracle::t1_entry(request, entry), SpecId::T1);

  const oracle::ArrayCallSeen seen{0x2000, 0x3000, request.top - 0x20 - 48, 3, 0x1009, 0x7000};
  EXPECT_FALSE(oracle::t2_call(request, seen));
  EXPECT_FALSE(oracle::f1_arguments(request, seen));
  auto changed = [&seen](auto change) {
    oracle::ArrayCallSeen other = seen;
    change(other);
    return other;
  };
  using Seen = oracle::ArrayCallSeen;
  expect_fires(oracle::t2_call(request, changed([](Seen& s) { s.func_ref = 1; })), SpecId::T2);
  expect_fires(oracle::t2_call(request, changed([](Seen& s) { s.caller_vmctx = 1; })), SpecId::T2);
  expect_fires(oracle::t2_call(request, changed([](Seen& s) { s.return_address = 0xfff; })),
               SpecId::T2);
  expect_fires(oracle::t2_call(request, changed([](Seen& s) { s.frame = 0x7008; })), SpecId::T2);
  expect_fires(oracle::f1_arguments(request, changed([](Seen& s) { s.values += 16; })), SpecId::F1);
  expect_fires(oracle::f1_arguments(request, changed([](Seen& s) { s.capacity = 2; })), SpecId::F1);
  expect_fires(oracle::f1_argument_values(0), SpecId::F1);

  EXPECT_FALSE(oracle::t3_chain(3, 2));
  expect_fires(oracle::t3_chain(std::nullopt, 2), SpecId::T3);
  expect_fires(oracle::t3_chain(3, std::nullopt), SpecId::T3);
  expect_fires(oracle::t3_resume_address(0x5000, {}), SpecId::T3);

  Registers exit{};
  exit.rsp = 0x1000;
  exit.rbp = 0x1010;
  EXPECT_FALSE(oracle::t4_exit({0x1000, 0x1010, 0}, exit, 1));
  expect_fires(oracle::t4_exit({0x1008, 0x1010, 0}, exit, 1), SpecId::T4);
  expect_fires(oracle::t4_exit({0x1000, 0x1018, 0}, exit, 1), SpecId::T4);
  expect_fires(oracle::t4_exit({0x1000, 0x1010, 0}, exit, 0), SpecId::T4);

  EXPECT_FALSE(oracle::t5_payload(false, true, 0));
  EXPECT_FALSE(oracle::t5_payload(false, false, std::uint64_t{4} << 32));
  EXPECT_FALSE(oracle::t5_payload(true, false, 0));
  expect_fires(oracle::t5_payload(false, false, 0), SpecId::T5);
  expect_fires(oracle::t5_payload(false, true, std::uint64_t{4} << 32), SpecId::T5);
  expect_fires(oracle::t5_payload(true, false, std::uint64_t{4} << 32), SpecId::T5);

  stack.at(0x20) = 4;
  expect_fires(oracle::t6_capacity_untouched(request), SpecId::T6);
}

TEST(oracle, the_fiber_start_and_effect_oracles_fire) {
  expect_fires(oracle::f2_result_values(7), SpecId::F2);
  const LayoutRequest request{0x10000, 0x8000, 3, 2, 0x1000, 0x2000, 0x3000, 0x4000};
  const std::uint64_t buffer = 0x10000 - 0x20 - 48;
  for (const auto& [ask, id] : {std::pair{&oracle::f1_args_object, SpecId::F1},
                                std::pair{&oracle::f2_args_object, SpecId::F2}}) {
    EXPECT_FALSE(ask(request, 2, {2, 3, buffer}));
    expect_fires(ask(request, 2, {3, 3, buffer}), id);
    expect_fires(ask(request, 2, {2, 2, buffer}), id);
    expect_fires(ask(request, 2, {2, 3, 0}), id);
  }
  const std::uint64_t suspend = std::uint64_t{2} << 32;
  EXPECT_FALSE(oracle::e1_round_trip(2, 7, {suspend + 7, true, 2, 7}));
  EXPECT_FALSE(oracle::e1_round_trip(6, 7, {std::uint64_t{3} * suspend + 7, false, 0, 0}));
  expect_fires(oracle::e1_round_trip(2, 7, {suspend, true, 2, 7}), SpecId::E1);
  expect_fires(oracle::e1_round_trip(2, 7, {suspend + 7, false, 0, 0}), SpecId::E1);
  expect_fires(oracle::e1_round_trip(2, 7, {suspend + 7, true, 3, 7}), SpecId::E1);
  expect_fires(oracle::e1_round_trip(2, 7, {suspend + 7, true, 2, 8}), SpecId::E1);
  expect_fires(oracle::e1_round_trip(6, 7, {std::uint64_t{3} * suspend + 7, true, 6, 7}),
               SpecId::E1);
}

TEST(oracle, the_oracle_of_modes_compares_each) {
  constexpr oracle::ModesSeen before{.floating_point = 0x037f00001f80, .direction = false};
  EXPECT_FALSE(oracle::s4_modes(before, before));
  expect_fires(oracle::s4_modes(before, {0x037f00001f00, false}), SpecId::S4);
  expect_fires(oracle::s4_modes(before, {0x027f00001f80, false}), SpecId::S4);
  expect_fires(oracle::s4_modes(before, {before.floating_point, true}), SpecId::S4);
}

TEST(oracle, floating_point_modes_are_of_64_kinds_and_masked_or_not) {
  std::set<std::uint64_t> kinds;
  std::uint64_t unmasked = 0;
  for (std::uint32_t choice = 0; choice < 64; ++choice) {
    set_floating_point_modes(choice);
    kinds.insert(floating_point_modes());
    unmasked += (floating_point_modes() >> 9 & 1) == 0 ? 1 : 0;  // division by zero, in MXCSR
  }
  reset_floating_point_modes();
  EXPECT_EQ(kinds.size(), 64u);
  EXPECT_EQ(unmasked, 32u);
  EXPECT_EQ(floating_point_modes(), 0x037f00001f80u);
  EXPECT_FALSE(direction_flag());
}

TEST(oracle, values_tell_who_made_them) {
  std::array<Value, 4> values;
  fill_values(values.data(), 0, 4, ValueKind::parameter, 9);
  EXPECT_FALSE(first_wrong_value(values.data(), 0, 4, ValueKind::parameter, 9));
  EXPECT_EQ(first_wrong_value(values.data(), 0, 4, ValueKind::parameter, 8), 0u);
  EXPECT_EQ(first_wrong_value(values.data(), 0, 4, ValueKind::result, 9), 0u);
  std::swap(values[1], values[2]);
  EXPECT_EQ(first_wrong_value(values.data(), 0, 4, ValueKind::parameter, 9), 1u);
}

}  // namespace
}  // namespace fiberproof::fuzz
