// Results are compared with proofs.txt: each difference is a line, and a line fails the run.
#include "verify/embedded/embedded.hpp"
#include "verify/obligation/expected_theorems.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

ContractResult result_with(Verdict verdict) {
  Theorem theorem;
  theorem.name = "c/T4.one";
  theorem.verdict = verdict;
  theorem.reason = "timeout";
  ContractResult result;
  result.contract = "c";
  result.theorems = {theorem};
  return result;
}

std::vector<std::string> differences_from(std::string_view list, Verdict verdict) {
  return differences(*parse_expected(list, "proofs.txt"), {result_with(verdict)});
}

TEST(expected_theorems, equal_lists_have_no_difference) {
  EXPECT_TRUE(differences_from("c/T4.one proved # why\n", Verdict::proved).empty());
  EXPECT_TRUE(differences_from("c/T4.one refuted\n", Verdict::refuted).empty());
}

TEST(expected_theorems, a_vanished_theorem_is_a_difference) {
  EXPECT_EQ(differences_from("c/T4.one proved\nc/T4.two proved\n", Verdict::proved),
            std::vector<std::string>{"c/T4.two is expected, but did not run"});
}

TEST(expected_theorems, a_vanished_contract_is_a_difference) {
  EXPECT_EQ(differences_from("c/T4.one proved\nother/T4.one proved\n", Verdict::proved),
            std::vector<std::string>{"other/T4.one is expected, but did not run"});
}

TEST(expected_theorems, an_unlisted_theorem_is_a_difference) {
  EXPECT_EQ(differences_from("", Verdict::proved),
            std::vector<std::string>{"c/T4.one ran, but is not in proofs.txt"});
}

TEST(expected_theorems, a_timeout_is_a_difference) {
  EXPECT_EQ(differences_from("c/T4.one proved\n", Verdict::unknown),
            std::vector<std::string>{"c/T4.one is unknown, expected proved: timeout"});
}

TEST(expected_theorems, an_unexpected_proof_is_a_difference) {
  EXPECT_EQ(differences_from("c/T4.one refuted\n", Verdict::proved),
            std::vector<std::string>{"c/T4.one is proved, expected refuted"});
}

TEST(expected_theorems, a_bad_line_is_named) {
  EXPECT_EQ(parse_expected("a proved\nb maybe\n", "proofs.txt").error(),
            "fiberproof: proofs.txt:2: expected NAME and 'proved' or 'refuted'");
  EXPECT_EQ(parse_expected("a proved\na proved\n", "proofs.txt").error(),
            "fiberproof: proofs.txt:2: a is listed twice");
}

TEST(expected_theorems, the_projects_own_list_is_well_formed) {
  const auto expected = parse_expected(embedded_proofs().text, embedded_proofs().path);
  ASSERT_TRUE(expected.has_value()) << expected.error();
  EXPECT_GT(expected->size(), 100u);
}

}  // namespace
}  // namespace fiberproof::verify
