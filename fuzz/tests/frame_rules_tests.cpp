// The call frame information of this process, register by register: what the trampolines say, what
// an ordinary routine says, and an oracle that can fail.
#include "fuzz/oracle/frame_rules.hpp"

#include "core/continuation_start.hpp"
#include "fuzz/oracle/continuation_oracle.hpp"
#include "fuzz/oracle/register_probe.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace fiberproof::fuzz {
namespace {

constexpr std::size_t rbx = 3;
constexpr std::size_t rbp = 6;
constexpr std::size_t rdi = 5;
constexpr std::size_t r12 = 12;
constexpr std::size_t r15 = 15;
constexpr std::size_t return_address = 16;

template <class T>
std::uint64_t address_of(T* object) {
  return reinterpret_cast<std::uint64_t>(object);
}

/// Which of the two first instructions of a trampoline, and the jump at its end, are meant.
constexpr std::uint64_t bytes_before_the_call = 4;

TEST(frame_rules, a_trampoline_finds_its_parent_and_nothing_else) {
  for (const Trampoline trampoline : {Trampoline::trap, Trampoline::v44}) {
    const std::uint64_t start = address_of(start_routine(trampoline));
    for (std::uint64_t offset = 0; offset <= bytes_before_the_call; ++offset) {
      const auto rules = register_rules_at(start + offset);
      ASSERT_TRUE(rules.has_value()) << offset;
      EXPECT_EQ((*rules)[rbp], RegisterRule::found) << offset;
      EXPECT_EQ((*rules)[return_address], RegisterRule::found) << offset;
      EXPECT_EQ((*rules)[rbx], RegisterRule::undefined) << offset;
      EXPECT_EQ((*rules)[rdi], RegisterRule::none) << offset;
      EXPECT_FALSE(oracle::t7_other_registers(rules).has_value()) << offset;
    }
  }
}

TEST(frame_rules, a_routine_with_a_frame_tells_where_registers_are) {
  const auto before = register_rules_at(address_of(&fiberproof_probe_switch));
  const auto inside = register_rules_at(address_of(fiberproof_probe_switch_resumed));
  ASSERT_TRUE(before.has_value() && inside.has_value());
  for (const std::size_t number : {rbx, rbp, r12, r15}) {
    EXPECT_EQ((*before)[number], RegisterRule::none) << number;
    EXPECT_EQ((*inside)[number], RegisterRule::found) << number;
  }
  EXPECT_TRUE(oracle::t7_other_registers(inside).has_value());
}

TEST(frame_rules, an_address_without_code_has_none) {
  static const int data = 0;
  EXPECT_FALSE(register_rules_at(address_of(&data)).has_value());
}

TEST(frame_rules, the_oracle_reports_a_rule_of_any_other_register) {
  const auto right = register_rules_at(address_of(start_routine(Trampoline::trap)));
  ASSERT_TRUE(right.has_value());
  for (std::size_t number = 0; number < dwarf_registers; ++number) {
    RegisterRules wrong = *right;
    wrong[number] = wrong[number] == RegisterRule::found ? RegisterRule::none : RegisterRule::found;
    const bool is_judged = number != rbp && number != 7 && number != return_address;
    EXPECT_EQ(oracle::t7_other_registers(wrong).has_value(), is_judged) << number;
  }
  EXPECT_TRUE(oracle::t7_other_registers(std::nullopt).has_value());
}

}  // namespace
}  // namespace fiberproof::fuzz
