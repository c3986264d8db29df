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

// A command that stops at a contract: it answers what it is asked for alone.
constexpr const char* stopping_command = R"(#!/bin/sh
# fiberproof --json FILE prove NAME… --object PROGRAM --counterexamples FOLDER
file=$2
entry() { printf '{"name":"%s","verdict":"%s","milliseconds":1,"reason":"too long"}' "$1" "$2"; }
case "$4 $5" in
  "a/ b/") echo "fiberproof: a: no code"; printf '{"theorems":[]}' > "$file" ;;
  a/*) echo "fiberproof: a: no code"; printf '{"theorems":[]}' > "$file" ;;
  c/*) printf '{"theorems":[{"name":"c/ends","verdict":"refuted","milliseconds":1},{"name":"c/S1.z","verdict":"unknown","milliseconds":0,"not_reached":true,"reason":"not reached"}]}' > "$file" ;;
  b/*) { printf '{"theorems":['; entry b/S1.x refuted; printf ','; entry b/S1.y unknown; printf ']}'; } > "$file" ;;
esac
exit 2
)";

TEST(refutations, of_a_contract_that_stops_keep_those_of_the_others) {
  const ScratchFolder folder;
  const std::string command = folder.write_program("command", stopping_command);
  const std::vector<ExpectedTheorem> expected{
      {"a/S1.x", Verdict::proved}, {"b/S1.x", Verdict::proved}, {"b/S1.y", Verdict::proved}};
  const auto found = refutations_of(command, expected, "/bin/true", folder.path());
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->theorems.size(), 1u);
  EXPECT_EQ(found->theorems.front().name, "b/S1.x");
  EXPECT_EQ(found->stopped, "2 theorems without a verdict, a/S1.x: a: no code");
}

TEST(refutations, that_end_the_paths_before_other_theorems_are_no_stop) {
  const ScratchFolder folder;
  const std::string command = folder.write_program("command", stopping_command);
  const std::vector<ExpectedTheorem> expected{{"c/ends", Verdict::proved},
                                              {"c/S1.z", Verdict::proved}};
  const auto found = refutations_of(command, expected, "/bin/true", folder.path());
  ASSERT_TRUE(found) << found.error();
  ASSERT_EQ(found->theorems.size(), 1u);
  EXPECT_EQ(found->stopped, "");
}

TEST(refutations, that_are_unknown_stop_with_their_reason) {
  const ScratchFolder folder;
  const std::string command = folder.write_program("command", stopping_command);
  const std::vector<ExpectedTheorem> expected{{"b/S1.x", Verdict::refuted},
                                              {"b/S1.y", Verdict::proved}};
  const auto found = refutations_of(command, expected, "/bin/true", folder.path());
  ASSERT_TRUE(found) << found.error();
  EXPECT_TRUE(found->theorems.empty());
  EXPECT_EQ(found->stopped, "1 theorem without a verdict, b/S1.y: too long");
}

}  // namespace
}  // namespace fiberproof::verify
