// What findings come to: medians with runs that found nothing, what differs from a patch's header,
// and the file that a run resumes from.
#include "verify/mutation/defects/comparison.hpp"
#include "verify/mutation/defects/hunt_table.hpp"
#include "verify/mutation/findings.hpp"
#include "verify/mutation/findings_file.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

Trial found_after(std::uint64_t executions, std::string kind = "C1 violated") {
  return {executions, true, std::move(kind), "crash-0", Replays::alone};
}
constexpr std::uint64_t executions_max = 1000;
Trial censored() {
  return {executions_max, false, {}, {}, Replays::no};
}

TargetTrials trials(std::vector<Trial> all) {
  const auto wanted = static_cast<unsigned>(all.size());
  return {"program", std::move(all), wanted};
}

Defect a_defect() {
  Defect defect;
  defect.name = "S99-a-bug";
  defect.theorems = {"initialize/L4"};
  defect.oracles = {{{"program"}, "C1"}};
  defect.patch = "the patch";
  return defect;
}

Findings as_it_says() {
  Findings findings;
  findings.change = "S99-a-bug";
  findings.refuted = {{"initialize/L4.modifies", 2.5}};
  findings.targets = {trials({found_after(3), found_after(5)})};
  return findings;
}

TEST(findings, have_the_median_of_all_runs_and_not_of_the_lucky_ones) {
  EXPECT_EQ(trials({found_after(9), found_after(1), found_after(5)}).median_executions(), 5u);
  EXPECT_EQ(trials({censored(), found_after(1), found_after(5)}).median_executions(), 5u);
  EXPECT_EQ(trials({censored(), censored(), found_after(5)}).median_executions(), std::nullopt);
  EXPECT_EQ(trials({}).median_executions(), std::nullopt);
}

TEST(findings, that_are_what_the_patch_says_differ_in_nothing) {
  EXPECT_EQ(differences(a_defect(), as_it_says()), std::vector<std::string>{});
}

TEST(findings, tell_of_a_theorem_that_is_not_refuted) {
  Findings findings = as_it_says();
  findings.refuted = {{"initialize/L5.args", 1}};
  EXPECT_EQ(differences(a_defect(), findings),
            std::vector<std::string>{"initialize/L4 is not refuted"});
}

TEST(findings, tell_why_proving_stopped) {
  Findings findings = as_it_says();
  findings.refuted.clear();
  findings.proofs_stopped = "no code";
  EXPECT_EQ(
      differences(a_defect(), findings),
      std::vector<std::string>{"initialize/L4 is not refuted, since proving stopped: no code"});
  const std::string told = "no proof, which stopped: no code";
  EXPECT_NE(line_of(a_defect(), findings).find(told), std::string::npos);
  const Defect defects[] = {a_defect()};
  const Findings all[] = {findings};
  EXPECT_NE(table_of(defects, all).find(told), std::string::npos);
}

TEST(findings, tell_of_a_proof_that_sees_what_none_should) {
  Defect defect = a_defect();
  defect.theorems.clear();
  EXPECT_EQ(differences(defect, as_it_says()).size(), 1u);
}

TEST(findings, of_a_target_without_sanitizers_are_none_of_one_with_them) {
  Defect defect = a_defect();
  defect.oracles = {{{"program", false}, "C1"}};
  EXPECT_EQ(differences(defect, as_it_says()),
            std::vector<std::string>{"program never ends as named, but with C1 violated"});
  Findings findings = as_it_says();
  findings.targets[0].target = "program without sanitizers";
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{});
}

TEST(findings, tell_of_a_run_that_found_nothing_or_something_else_or_does_not_replay) {
  Findings findings = as_it_says();
  findings.targets = {trials({found_after(3), censored()})};
  EXPECT_EQ(differences(a_defect(), findings),
            std::vector<std::string>{"program finds it in 1 of 2 runs"});
  findings.targets = {trials({found_after(3, "C5 violated")})};
  EXPECT_EQ(differences(a_defect(), findings),
            std::vector<std::string>{"program never ends as named, but with C5 violated"});
  findings.targets = {trials({found_after(3, "C5 violated"), found_after(4)})};
  EXPECT_EQ(differences(a_defect(), findings), std::vector<std::string>{});
  findings.targets = {trials({found_after(3)})};
  findings.targets[0].trials[0].replays = Replays::no;
  EXPECT_EQ(differences(a_defect(), findings), std::vector<std::string>{"crash-0 does not replay"});
}

TEST(findings, given_up_count_as_not_found) {
  Findings findings = as_it_says();
  findings.targets = {trials({censored(), censored()})};
  findings.targets[0].wanted = 20;
  EXPECT_EQ(differences(a_defect(), findings),
            std::vector<std::string>{"program finds it in 0 of 2 runs"});
  EXPECT_NE(line_of(a_defect(), findings).find("0 of 2 runs, then given up"), std::string::npos);
}

TEST(findings, know_a_rule_from_one_whose_name_is_longer) {
  EXPECT_TRUE(is_seen_by({{"program"}, "C1"}, "C1 violated"));
  EXPECT_FALSE(is_seen_by({{"program"}, "C1"}, "C11 violated"));
  EXPECT_FALSE(is_seen_by({{"program"}, "C1"}, "SUMMARY: AddressSanitizer: C1"));
  EXPECT_TRUE(is_seen_by({{"program"}, "AddressSanitizer"}, "SUMMARY: AddressSanitizer: SEGV"));
}

TEST(findings, are_the_same_after_json) {
  const Findings findings = as_it_says();
  const auto again = findings_of(to_json(findings));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), to_json(findings));
  EXPECT_FALSE(findings_of(nlohmann::json::parse(R"({"change": "x"})")));
}

TEST(findings_file, has_those_of_the_same_patch_and_conditions) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/findings.json";
  ASSERT_TRUE(FindingsFile(path, "a", true).add("the patch", as_it_says()));
  EXPECT_TRUE(FindingsFile(path, "a", true).find("the patch"));
  EXPECT_FALSE(FindingsFile(path, "b", true).find("the patch"));
  EXPECT_FALSE(FindingsFile(path, "a", false).find("the patch"));
  EXPECT_FALSE(FindingsFile(path, "a", true).find("another patch"));
}

TEST(findings_file, that_is_damaged_counts_as_none) {
  const ScratchFolder folder;
  folder.write("findings.json", "{\"conditions\": \"a\", \"findings\": {\"the patch\": 3}}");
  EXPECT_FALSE(FindingsFile(folder.path() + "/findings.json", "a", true).find("the patch"));
}

TEST(findings_file, that_cannot_be_written_is_an_error_that_names_it) {
  const ScratchFolder folder;
  const std::string path = folder.path() + "/missing/findings.json";
  const auto added = FindingsFile(path, "a", true).add("the patch", as_it_says());
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().find(path), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::verify
