// S4 on small routines: a routine that changes a mode is refuted by the theorem about it, not
// rejected; one that saves and restores it is proved.
#include "verify/obligation/prover.hpp"
#include "verify/obligation/tests/fixture_contract.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fiberproof::verify {
namespace {

constexpr std::string_view preserving =
    "exit\n  L1 returns: rip == old [frame]\npreserves\n  S4 mxcsr_control, x87_control, df\n";

class modes : public testing::Test {
 protected:
  // Proves a contract of `routine`, which gets the object.
  ContractResult proved(const std::string& routine, const std::string& assumptions,
                        std::string_view claims = preserving) {
    const std::string text = std::string(preamble) + assumptions + entering(routine) +
                             "  rdi == object\n" + std::string(claims);
    const auto contract = parse_contract(text, "fixture.contract");
    EXPECT_TRUE(contract) << message(contract.error());
    const auto file = ObjectFile::open("/proc/self/exe");
    const auto solver = make_z3_solver(std::chrono::seconds(5));
    auto result = prove(*contract, *file, *solver, {});
    EXPECT_TRUE(result) << result.error();
    return result.value_or(ContractResult{});
  }

  static std::vector<std::string> refuted(const ContractResult& result) {
    std::vector<std::string> names;
    for (const Theorem& theorem : result.theorems) {
      EXPECT_NE(theorem.verdict, Verdict::unknown) << theorem.name << ": " << theorem.reason;
      if (theorem.verdict == Verdict::refuted) names.push_back(theorem.name);
    }
    return names;
  }
};

using Names = std::vector<std::string>;

// MXCSR and the x87 control word at the start of a program (SDM vol. 1, 10.2.3 and 8.1.5).
constexpr const char* object_has_defaults =
    "assume u32 [object] == 0x1f80\nassume u32 [object + 4] == 0x37f\n";

TEST_F(modes, code_that_sets_the_direction_flag_is_refuted) {
  EXPECT_EQ(refuted(proved("fixture_std", "")), Names{"fixture/S4.preserves_df"});
}

TEST_F(modes, a_direction_flag_that_is_cleared_again_was_clear) {
  EXPECT_EQ(refuted(proved("fixture_std_and_cld", "")), Names{"fixture/S4.preserves_df"});
  EXPECT_EQ(refuted(proved("fixture_std_and_cld", "assume df == 0\n")), Names{});
}

TEST_F(modes, another_mxcsr_is_refuted_with_both_values) {
  const ContractResult result = proved("fixture_ldmxcsr", object_has_defaults);
  EXPECT_EQ(refuted(result), Names{"fixture/S4.preserves_mxcsr_control"});
  const auto theorem =
      std::ranges::find(result.theorems, "fixture/S4.preserves_mxcsr_control", &Theorem::name);
  ASSERT_TRUE(theorem->refutation);
  EXPECT_TRUE(theorem->refutation->found.starts_with("found 0x1f80, expected "))
      << theorem->refutation->found;
}

TEST_F(modes, an_mxcsr_with_reserved_bits_is_a_fault) {
  const Names expected{"fixture/S4.preserves_mxcsr_control", "fixture/every_path_leaves"};
  EXPECT_EQ(refuted(proved("fixture_ldmxcsr", "")), expected);
}

// Sticky exception flags are not control bits: a routine that computes may leave any.
TEST_F(modes, the_status_in_mxcsr_may_change) {
  EXPECT_EQ(refuted(proved("fixture_ldmxcsr",
                           "assume u32 [object] == 0x1fbf\nassume mxcsr_control == 0x1f80\n")),
            Names{});
}

TEST_F(modes, another_x87_control_word_is_refuted) {
  EXPECT_EQ(refuted(proved("fixture_fldcw", "")), Names{"fixture/S4.preserves_x87_control"});
}

TEST_F(modes, reserved_bits_of_the_x87_control_word_cannot_be_changed) {
  EXPECT_EQ(refuted(proved("fixture_fldcw", "assume u32 [object + 4] == 0xe3bf\n",
                           "exit\n  L1 taken: x87_control == 0x37f\n")),
            Names{});
}

TEST_F(modes, saving_and_restoring_is_proved) {
  EXPECT_EQ(refuted(proved("fixture_save_and_restore_modes", object_has_defaults)), Names{});
}

TEST_F(modes, an_environment_that_is_loaded_again_has_the_control_word) {
  EXPECT_EQ(refuted(proved("fixture_environment", "")), Names{});
  EXPECT_EQ(refuted(proved("fixture_mask_exceptions", "")),
            Names{"fixture/S4.preserves_x87_control"});
  EXPECT_EQ(refuted(proved("fixture_mask_exceptions", "",
                           "exit\n  L1 masked: x87_control & 0x3f == 0x3f and "
                           "u16 [old rsp - 32] == old x87_control\n")),
            Names{});
}

// As several libraries switch: each stack has its own modes. S4 forbids that.
TEST_F(modes, a_switch_that_loads_the_modes_of_the_other_stack_is_refuted) {
  const std::string other =
      "ghost other : word\nregion other = [other, other + 24)\n"
      "assume u32 [other] == 0x1f80\nassume u32 [other + 4] == 0x37f\n";
  const std::string claims =
      "  rsi == other\nexit\n  S1 rsp: rsp == other + 16 and rip == old [other + 8]\n"
      "  S1 modes: mxcsr_control == 0x1f80 and x87_control == 0x37f\n"
      "  S1 saved: u32 [old rsp - 8] - ((u32 [old rsp - 8] << 58) >> 58) == old mxcsr_control\n"
      "preserves\n  S4 mxcsr_control, x87_control, df\n";
  const Names expected{"fixture/S4.preserves_mxcsr_control", "fixture/S4.preserves_x87_control"};
  EXPECT_EQ(refuted(proved("fixture_switch_of_modes", other, claims)), expected);
}

// psABI 3.2.1: a callee preserves control words, not status, and DF only if it was clear.
TEST_F(modes, a_callee_keeps_control_words_and_a_clear_direction_flag) {
  const std::string call =
      "call callee = function fixture_branch\n  L2 clear: df == 0\n  keeps [frame, frame + 8)\n" +
      std::string(preserving);
  EXPECT_EQ(refuted(proved("fixture_call", "assume df == 0\n", call)), Names{});
  const Names expected{"fixture/L2.clear", "fixture/S4.preserves_df"};
  EXPECT_EQ(refuted(proved("fixture_call", "", call)), expected);
}

TEST_F(modes, an_unknown_mode_is_an_error_with_its_place) {
  const auto contract =
      parse_contract(std::string(preamble) + entering("fixture_std") + "preserves\n  S4 rip\n",
                     "fixture.contract");
  ASSERT_FALSE(contract);
  EXPECT_EQ(message(contract.error()),
            "fiberproof: fixture.contract:8:6: 'rip' is not a register or a mode");
  const auto twice = parse_contract(std::string(preamble) + "preserves\n  S4 df, df\n", "twice");
  ASSERT_FALSE(twice);
  EXPECT_EQ(message(twice.error()),
            "fiberproof: twice:6:10: there are two clauses 'S4 preserves_df': rename one");
}

}  // namespace
}  // namespace fiberproof::verify
