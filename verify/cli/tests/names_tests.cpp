// Names on the command line: wrong ones are reported all at once, with the name that was meant.
#include "verify/cli/tests/command_test.hpp"

namespace fiberproof::verify {
namespace {

class command_names : public CommandTest {};

TEST_F(command_names, all_errors_are_reported_before_any_proof) {
  const Outcome outcome = run({"prove", "layuot", "continuation_strat/T4", "T44", "S5", "",
                               "--json", path("no/such"), "--smt2", "/proc/none", "--contract",
                               path("missing.contract"), "--object", path("missing.o")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.lines.size(), 4u) << testing::PrintToString(outcome.lines);
  const Outcome names = run({"prove", "layuot", "continuation_strat/T4", "T44", "S5", ""});
  EXPECT_EQ(names.exit_code, 2);
  EXPECT_EQ(names.lines.size(), 5u) << testing::PrintToString(names.lines);
  EXPECT_TRUE(names.says("'layuot'; did you mean 'layout'?"));
  EXPECT_TRUE(names.says("'continuation_strat/T4'; did you mean 'continuation_start/T4'?"));
  EXPECT_TRUE(names.says("'T44'; did you mean 'T4'?"));
  EXPECT_TRUE(names.says("rule S5"));
  EXPECT_TRUE(names.says("'' is not a theorem's name"));
}

TEST_F(command_names, a_misspelt_word_gets_a_suggestion) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"prvoe"}, "did you mean 'prove'?"},
      {{"help", "mutaet"}, "did you mean 'mutate'?"},
      {{"prove", "--slover", "z3"}, "did you mean '--solver'?"},
      {{"prove", "--solver", "cvc4"}, "did you mean 'cvc5'?"},
      {{"fuzz", "layuot"}, "did you mean 'layout'?"},
      {{"hunt", "S144"}, "did you mean 'S14'?"},
      {{"mutate", "initalize.cpp"}, "did you mean 'initialize.cpp'?"},
      {{"list", "prooves"}, "did you mean 'proofs'?"}};
  for (const auto& [arguments, meant] : wrong) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    ASSERT_EQ(outcome.lines.size(), 1u) << testing::PrintToString(outcome.lines);
    EXPECT_NE(outcome.lines[0].find(meant), std::string::npos) << outcome.lines[0];
  }
  EXPECT_FALSE(run({"frobnicate"}).says("did you mean"));
}

TEST_F(command_names, names_in_the_users_contract_are_checked_before_the_proof) {
  const std::string contract = file("mine.contract",
                                    "contract mine\nghost x : word\n"
                                    "exit\n  L1 same: x == x\n  L2 also: x == x\n");
  EXPECT_EQ(run({"prove", "mine/L1", "--contract", contract}).exit_code, 0);
  EXPECT_TRUE(run({"prove", "L2", "--contract", contract}).says("mine/L2.also"));
  const Outcome wrong = run({"prove", "mine/L3", "--contract", contract});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.lines.size(), 1u) << testing::PrintToString(wrong.lines);
}

TEST_F(command_names, the_id_of_a_rule_selects_its_theorems) {
  const Outcome outcome = run({"prove", "E1"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.count("proved   layout/E1."), 3u);
  EXPECT_EQ(outcome.count("proved   layout/L"), 0u);
}

}  // namespace
}  // namespace fiberproof::verify
