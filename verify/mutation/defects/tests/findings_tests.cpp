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

TEST(findings, tell_of_proofs_that_stop_where_the_patch_does_not_say_so) {
  Defect defect = a_defect();
  defect.theorems.clear();
  Findings findings = as_it_says();
  findings.refuted.clear();
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{});
  findings.proofs_stopped = "no code";
  EXPECT_EQ(differences(defect, findings),
            std::vector<std::string>{"the proofs stop, though they are not said to: no code"});
  defect.stops_proofs = true;
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{});
  findings.proofs_stopped.clear();
  EXPECT_EQ(differences(defect, findings),
            std::vector<std::string>{"the proofs do not stop, though they are said to"});
}

TEST(findings, tell_of_stopped_proofs_beside_a_refutation) {
  Findings findings = as_it_says();
  findings.proofs_stopped = "no code";
  const Defect defects[] = {a_defect()};
  const Findings all[] = {findings};
  EXPECT_NE(table_of(defects, all).find("the proofs stopped: no code"), std::string::npos);
  EXPECT_NE(line_of(a_defect(), findings).find("the proofs stopped: no code"), std::string::npos);
}

TEST(findings, have_the_stop_of_the_proofs_in_the_column_of_the_proofs) {
  Findings findings = as_it_says();
  findings.refuted.clear();
  const Defect defects[] = {a_defect()};
  const auto row = [&] { return table_of(defects, std::span(&findings, 1)); };
  EXPECT_NE(row().find("| S99-a-bug | no | yes |"), std::string::npos) << row();
  findings.proofs_stopped = "no code";
  EXPECT_NE(row().find("| S99-a-bug | stops | yes |"), std::string::npos) << row();
}

TargetTrials other(std::string target, std::vector<Trial> all) {
  TargetTrials trials_of_it = trials(std::move(all));
  trials_of_it.target = std::move(target);
  trials_of_it.is_named = false;
  return trials_of_it;
}

TEST(findings, of_targets_that_are_not_named_are_told_and_no_difference) {
  Findings findings = as_it_says();
  findings.targets.push_back(other("walk", {found_after(7), censored()}));
  findings.targets.push_back(other("layout", {censored(), censored()}));
  EXPECT_EQ(differences(a_defect(), findings), std::vector<std::string>{});
  const std::string line = line_of(a_defect(), findings);
  EXPECT_NE(line.find("found by program: 2 of 2 runs"), std::string::npos) << line;
  EXPECT_NE(line.find("others: walk 1 of 2 runs, median 7 executions (C1 violated 1); nothing by "
                      "layout in 2 runs of 1000 executions each"),
            std::string::npos)
      << line;
}

TEST(findings, of_another_target_must_replay_and_must_not_be_where_none_is_said_to_find_it) {
  Findings findings = as_it_says();
  findings.targets = {other("walk", {found_after(7)})};
  findings.targets[0].trials[0].replays = Replays::no;
  EXPECT_EQ(differences(a_defect(), findings), std::vector<std::string>{"crash-0 does not replay"});
  findings.targets[0].trials[0].replays = Replays::alone;
  Defect defect = a_defect();
  defect.oracles.clear();
  EXPECT_EQ(differences(defect, findings),
            std::vector<std::string>{"walk finds it (C1 violated), though no target is said to"});
}

TEST(findings, tell_of_a_test_that_does_not_fail_or_was_not_asked) {
  Defect defect = a_defect();
  defect.failures = {"walk.", "corpus seeds/"};
  Findings findings = as_it_says();
  EXPECT_EQ(differences(defect, findings).size(), 2u);
  findings.asks_elsewhere = true;
  findings.elsewhere = {"corpus seeds/program/deep.program"};
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{"walk. does not fail"});
  findings.elsewhere.insert(findings.elsewhere.begin(), "walk.ends");
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{});
  EXPECT_NE(
      line_of(defect, findings).find("elsewhere: walk.ends, corpus seeds/program/deep.program"),
      std::string::npos);
}

TEST(findings, that_nothing_sees_are_a_difference_and_are_named_below_the_table) {
  Defect defect = a_defect();
  defect.theorems.clear();
  defect.oracles.clear();
  Findings findings;
  findings.change = defect.name;
  findings.targets = {other("walk", {censored()})};
  findings.asks_elsewhere = true;
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{"nothing sees it"});
  const Defect defects[] = {defect};
  const auto table = [&] { return table_of(defects, std::span(&findings, 1)); };
  EXPECT_NE(table().find("Seen by nobody: S99-a-bug."), std::string::npos) << table();
  findings.elsewhere = {"walk.ends"};
  EXPECT_EQ(differences(defect, findings), std::vector<std::string>{});
  EXPECT_NE(table().find("1 seen by tests alone. Nothing is seen by nobody."), std::string::npos)
      << table();
}

TEST(findings, tell_whose_program_a_theorem_is_refuted_of) {
  Findings findings = as_it_says();
  findings.refuted[0].compiler = "g++";
  EXPECT_NE(line_of(a_defect(), findings).find("in 2 ms of the program of g++"), std::string::npos)
      << line_of(a_defect(), findings);
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
  Findings findings = as_it_says();
  findings.refuted.push_back({"initialize/L5.args", 1, "g++"});
  findings.proofs_stopped = "no code";
  findings.targets.push_back(other("walk", {censored()}));
  findings.asks_elsewhere = true;
  findings.elsewhere = {"walk.ends"};
  const auto again = findings_of(to_json(findings));
  ASSERT_TRUE(again);
  EXPECT_EQ(to_json(*again), to_json(findings));
  EXPECT_EQ(again->elsewhere, findings.elsewhere);
  EXPECT_FALSE(again->targets[1].is_named);
  EXPECT_EQ(again->refuted[1].compiler, "g++");
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
