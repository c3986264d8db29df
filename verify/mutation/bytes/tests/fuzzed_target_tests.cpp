// Mutants in a fuzz target: what contracts refute, an oracle of fuzz/ kills; what they prove to do
// the same, none does.
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/bytes/fuzzed.hpp"

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
}  // namespace
}  // namespace fiberproof::verify
