// The entry trampoline `trap-asan`, which this project does not have: assembled code that keeps the
// rules, and code that breaks one.
#include "verify/cli/tests/command_outcome.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::size_t theorems_of_a_start = 26;

const std::string object = std::string(FOREIGN_FILES) + "/trap_asan.o";

Outcome prove(const std::vector<std::string>& options) {
  std::vector<std::string> arguments{FIBERPROOF_COMMAND, "prove", "--object", object};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return outcome_of(arguments);
}

Outcome prove_variant(const std::string& symbol) {
  return prove({"--trampoline", "trap-asan", "--symbol", "start=" + symbol});
}

std::string refuted(const std::string& theorem) {
  return "refuted  continuation_start_trap_asan/" + theorem + " ";
}

void expect_proved(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_EQ(outcome.count("proved   continuation_start_trap_asan/"), theorems_of_a_start);
  EXPECT_TRUE(outcome.says("summary  proved 26 of 26 theorems of continuation_start_trap_asan"))
      << outcome.text();
  EXPECT_TRUE(outcome.says("start=asan_start")) << outcome.text();
  EXPECT_TRUE(outcome.says(", trampoline trap-asan")) << outcome.text();
}

TEST(trap_asan, its_variant_and_both_callees_are_found) {
  const Outcome outcome = prove({"--symbol", "start=asan_start"});
  expect_proved(outcome);
  EXPECT_TRUE(outcome.says("calls    fiberproof_fiber_start is asan_fiber_start"));
  EXPECT_TRUE(outcome.says("calls    fiberproof_fiber_exit is asan_fiber_exit"));
}

TEST(trap_asan, a_callee_can_be_named) {
  expect_proved(prove({"--symbol", "start=asan_start", "--symbol", "fiber_exit=asan_fiber_exit"}));
  expect_proved(
      prove({"--symbol", "start=asan_start", "--symbol", "fiber_start=asan_fiber_start"}));
  // Named the other way round, the first call is not that of fiber_start.
  const Outcome swapped = prove({"--trampoline", "trap-asan", "--symbol", "start=asan_start",
                                 "--symbol", "fiber_exit=asan_fiber_start"});
  EXPECT_EQ(swapped.exit_code, 1) << swapped.text();
  EXPECT_EQ(swapped.count(refuted("T2.exit_args")), 1u) << swapped.text();
}

TEST(trap_asan, a_stack_pointer_8_bytes_lower_is_refuted) {
  const Outcome outcome = prove_variant("asan_start_lower");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count(refuted("T2.rsp_is_below_what_it_keeps")), 1u) << outcome.text();
  EXPECT_EQ(outcome.count(refuted("T2.rsp_is_aligned")), 1u);
  EXPECT_EQ(outcome.count(refuted("T2.exit_rsp_is_below_what_it_keeps")), 1u);
  EXPECT_EQ(outcome.count(refuted("T2.exit_rsp_is_aligned")), 1u);
  EXPECT_EQ(outcome.count(refuted("T6.modifies")), 1u);
}

TEST(trap_asan, args_from_another_slot_are_refuted) {
  const Outcome outcome = prove_variant("asan_start_wrong_slot");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count(refuted("T2.exit_args")), 1u) << outcome.text();
  EXPECT_EQ(outcome.count("refuted  "), 1u);
}

TEST(trap_asan, a_result_that_the_second_call_overwrites_is_refuted) {
  const Outcome outcome = prove_variant("asan_start_forgets_al");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count(refuted("T5.payload")), 1u) << outcome.text();
  EXPECT_EQ(outcome.count(refuted("T5.payload_0_means_success")), 1u);
  EXPECT_EQ(outcome.count("refuted  "), 2u);
}

TEST(trap_asan, a_missing_second_call_is_refuted) {
  const Outcome outcome = prove_variant("asan_start_one_call");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count(refuted("every_call_is_made")), 1u) << outcome.text();
  EXPECT_EQ(outcome.count("refuted  "), 1u);
}

// One mutant for each of the other clauses.
TEST(trap_asan, every_other_clause_can_be_refuted) {
  const struct {
    const char* symbol;
    std::vector<const char*> theorems;
  } wrong[] = {
      {"asan_start_swaps_rcx", {"T2.return_value_count", "T2.args"}},
      {"asan_start_swaps_rsi", {"T2.caller_vmctx", "T2.func_ref"}},
      {"asan_start_moves_rbp", {"T3.rbp_links_the_chain", "T3.exit_rbp_links_the_chain"}},
      {"asan_start_other_rip", {"T4.rip_is_the_parents"}},
      {"asan_start_other_rsp", {"T4.rsp_is_the_parents"}},
      {"asan_start_other_rbp", {"T4.rbp_is_the_parents"}},
      {"asan_start_sets_df",
       {"S4.modes_are_the_resumers", "S4.exit_modes_are_the_resumers", "S4.preserves_df"}},
      {"asan_start_sets_mxcsr", {"S4.preserves_mxcsr_control"}},
      {"asan_start_sets_x87", {"S4.preserves_x87_control"}},
      {"asan_start_reads_far", {"every_access_is_in_its_region"}},
  };
  for (const auto& [symbol, theorems] : wrong) {
    const Outcome outcome = prove_variant(symbol);
    EXPECT_EQ(outcome.exit_code, 1) << symbol;
    for (const char* const theorem : theorems) {
      EXPECT_EQ(outcome.count(refuted(theorem)), 1u) << symbol << " " << theorem << "\n"
                                                     << outcome.text();
    }
  }
}

TEST(trap_asan, another_variant_asks_which_callee_is_which) {
  const Outcome outcome = prove({"--trampoline", "trap", "--symbol", "start=asan_start"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says("calls 2 functions directly: say which one is fiberproof_fiber_start"));
  const Outcome wrong = prove({"--symbol", "start=asan_start_lower"});
  EXPECT_EQ(wrong.exit_code, 2) << "no variant has its rules";
  EXPECT_EQ(wrong.count("proved "), 0u);
}

TEST(trap_asan, this_project_says_that_it_has_no_such_code) {
  const Outcome outcome =
      outcome_of({FIBERPROOF_COMMAND, "prove", "continuation_start_trap_asan/"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(
      outcome.says("continuation_start_trap_asan: this project has no code of it: give a "
                   "file that has, with --object FILE --symbol ROLE=NAME"))
      << outcome.text();
  // By a rule, only what there is of it is proved.
  const Outcome by_rule = outcome_of({FIBERPROOF_COMMAND, "prove", "T6"});
  EXPECT_EQ(by_rule.exit_code, 0) << by_rule.text();
  EXPECT_EQ(by_rule.count("proved   continuation_start/T6.modifies"), 1u);
  EXPECT_EQ(by_rule.count("continuation_start_trap_asan"), 0u);
  // The list marks what this project has no code of.
  const Outcome list = outcome_of({FIBERPROOF_COMMAND, "list", "contracts"});
  EXPECT_EQ(list.count("continuation_start_trap_asan"), 1u);
  for (const std::string& line : list.lines) {
    const bool is_of_others =
        line.starts_with("continuation_start_trap_asan ") || line.starts_with("switch_behind ");
    EXPECT_EQ(line.ends_with(", of others' code alone"), is_of_others) << line;
  }
}

}  // namespace
}  // namespace fiberproof::verify
