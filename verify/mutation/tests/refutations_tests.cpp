// The refutations of a changed program: what is asked for must be proved of the program as it is.
#include "verify/embedded/embedded.hpp"
#include "verify/mutation/refutations.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

std::vector<ExpectedTheorem> expected_theorems() {
  return parse_expected(embedded_proofs().text, embedded_proofs().path)
      .value_or(std::vector<ExpectedTheorem>{});
}

TEST(refutations, are_none_of_the_project_as_it_is) {
  const ScratchFolder folder;
  const auto found =
      refutations_of(FIBERPROOF_COMMAND, expected_theorems(), FIBERPROOF_SUBJECT, folder.path());
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->stopped, "");
  EXPECT_TRUE(found->theorems.empty());
}

TEST(refutations, that_are_expected_to_be_proofs_are_told) {
  const ScratchFolder folder;
  std::vector<ExpectedTheorem> expected = expected_theorems();
  for (ExpectedTheorem& theorem : expected) theorem.verdict = Verdict::proved;
  const auto found =
      refutations_of(FIBERPROOF_COMMAND, expected, FIBERPROOF_SUBJECT, folder.path());
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->theorems.size(), 1u);
  EXPECT_TRUE(found->theorems.front().name.starts_with("continuation_start_v44/T5"));
}

TEST(refutations, that_cannot_be_asked_for_say_why) {
  const ScratchFolder folder;
  const auto found =
      refutations_of(FIBERPROOF_COMMAND, expected_theorems(), "/bin/true", folder.path());
  ASSERT_TRUE(found) << found.error();
  EXPECT_TRUE(found->theorems.empty());
  EXPECT_NE(found->stopped, "");
}

}  // namespace
}  // namespace fiberproof::verify
