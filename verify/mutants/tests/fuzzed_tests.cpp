// Mutants in a fuzz target: what contracts refute, an oracle of fuzz/ kills; what they prove to do
// the same, none does.
#include "verify/cli/embedded.hpp"
#include "verify/mutants/fuzzed.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace fiberproof::verify {
namespace {

using End = FuzzedMutant::End;

std::vector<Contract> all_contracts() {
  std::vector<Contract> contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    contracts.push_back(parse_contract(text, std::string(path)).value());
  }
  return contracts;
}

JudgedMutant judged(std::string description, MutantVerdict verdict) {
  return {std::move(description), MutationKind::dropped, verdict, "c/T5.x", {}, {}, {}};
}

#ifdef FIBERPROOF_FUZZER
class fuzzed_routine : public testing::TestWithParam<ProbedRoutine> {};

TEST_P(fuzzed_routine, has_mutants_that_are_killed_or_have_no_room) {
  const auto contracts = all_contracts();
  MutantFuzzOptions options;
  options.programs = {FIBERPROOF_FUZZER};
  options.period = 10;
  const auto fuzzed = fuzz_mutants(GetParam(), contracts, options);
  ASSERT_TRUE(fuzzed) << fuzzed.error();
  const auto count = [&](End end) { return std::ranges::count(*fuzzed, end, &FuzzedMutant::end); };
  EXPECT_GE(count(End::killed), 10);
  EXPECT_GT(count(End::not_tried), 200);
  EXPECT_LE(count(End::survived), 2);  // those that do the same
}

INSTANTIATE_TEST_SUITE_P(each, fuzzed_routine,
                         testing::Values(ProbedRoutine::continuation_start,
                                         ProbedRoutine::continuation_start_v44,
                                         ProbedRoutine::stack_switch));

TEST(fuzzed_mutants, need_a_program_that_has_the_routine) {
  const auto contracts = all_contracts();
  MutantFuzzOptions options;
  options.programs = {"/nonexistent/a_fuzzer"};
  const auto fuzzed = fuzz_mutants(ProbedRoutine::stack_switch, contracts, options);
  ASSERT_FALSE(fuzzed);
  EXPECT_NE(fuzzed.error().find("/nonexistent/a_fuzzer"), std::string::npos);
}
#endif

TEST(fuzzed_mutants, on_which_proofs_and_targets_differ_are_told_unless_listed) {
  const std::vector<JudgedMutant> mutants{judged("a -> dropped", MutantVerdict::refuted),
                                          judged("b -> dropped", MutantVerdict::refuted),
                                          judged("c -> dropped", MutantVerdict::equivalent)};
  const std::vector<FuzzedMutant> as_proved{{End::killed}, {End::does_not_fit}, {End::survived}};
  EXPECT_TRUE(differences("r", mutants, as_proved, {}).empty());
  const std::vector<FuzzedMutant> otherwise{
      {End::survived}, {End::killed}, {End::killed, "trampoline", "T5 violated"}};
  EXPECT_EQ(differences("r", mutants, otherwise, {}),
            (std::vector<std::string>{
                "r: a -> dropped: refuted by c/T5.x, and survives in the fuzz targets",
                "r: c -> dropped: not refuted, and the target trampoline ends with T5 violated"}));
  const std::vector<Survivor> listed{{"r", "a -> dropped", "why"}, {"other", "b", "why"}};
  EXPECT_EQ(differences("r", mutants, otherwise, listed).size(), 1u);
  const std::vector<Survivor> stale{{"r", "z -> dropped", "why"}};
  EXPECT_EQ(differences("r", mutants, as_proved, stale),
            std::vector<std::string>{"r: z -> dropped: listed as a survivor, and is no mutant"});
}

TEST(fuzzed_mutants, are_listed_with_a_reason) {
  const auto listed = parse_survivors("# none\n\nr: mov a, b -> dropped: why: so\n", "list");
  ASSERT_TRUE(listed) << listed.error();
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->front().change, "mov a, b -> dropped");
  EXPECT_EQ(listed->front().reason, "why: so");
  EXPECT_EQ(parse_survivors("r: a -> dropped\n", "list").error(),
            "fiberproof: list:1: expected ROUTINE: CHANGE: REASON");
  const auto [path, text] = embedded_survivors();
  EXPECT_TRUE(parse_survivors(text, path));
}

}  // namespace
}  // namespace fiberproof::verify
