// `fiberproof report` of a proof of somebody's code: the wrong instruction's line of source text.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

Outcome run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
  return outcome_of(arguments);
}

class report_command : public testing::Test {
 protected:
  // Results of code whose first two words are taken in the wrong order.
  std::string results_of(const std::string& object) const {
    const std::string json = folder_.path("results.json");
    const Outcome outcome = run({"prove", "--object", std::string(FOREIGN_FILES) + "/" + object,
                                 "--symbol", "start=engine_start", "--json", json});
    EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
    return json;
  }

  ScratchFolder folder_;
};

TEST_F(report_command, sarif_points_at_the_line_of_the_assembly) {
  const std::string json = results_of("swapped_pops_lines.o");
  const Outcome outcome = run({"report", json, "--sarif", folder_.path("out.sarif")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.text();
  const auto log = nlohmann::json::parse(ScratchFolder::contents(folder_.path("out.sarif")));
  const auto& results = log["runs"][0]["results"];
  ASSERT_EQ(results.size(), 2u) << results;
  std::vector<int> lines;
  for (const auto& result : results) {
    const auto& place = result["locations"][0]["physicalLocation"];
    EXPECT_TRUE(place["artifactLocation"]["uri"].get<std::string>().ends_with("/swapped_pops.s"));
    lines.push_back(place["region"]["startLine"].get<int>());
  }
  std::ranges::sort(lines);
  EXPECT_EQ(lines, (std::vector{6, 7}));
}

TEST_F(report_command, names_the_instruction_where_the_file_has_no_lines) {
  const std::string json = results_of("swapped_pops.o");
  const Outcome outcome = run({"report", json, "--markdown", "-"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("swapped\\_pops.o, engine\\_start+0x")) << outcome.text();
}

TEST_F(report_command, the_line_is_printed_beside_the_refutation) {
  const Outcome outcome =
      run({"prove", "--object", std::string(FOREIGN_FILES) + "/swapped_pops_lines.o", "--symbol",
           "start=engine_start"});
  EXPECT_TRUE(outcome.says("    at       engine_start+0x0, ")) << outcome.text();
  EXPECT_TRUE(outcome.says("/swapped_pops.s:6")) << outcome.text();
}

TEST_F(report_command, tells_every_error_in_one_line_and_writes_nothing) {
  const std::string json = results_of("swapped_pops.o");
  const std::string text = folder_.write("text", "no JSON\n");
  const std::string array = folder_.write("array", "[1]\n");
  const std::string nowhere = folder_.path("no/such/file");
  const std::string out = folder_.path("out");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"report", json},
        {"report", text, "--junit", out},
        {"report", array, "--junit", out},
        {"report", folder_.path("missing"), "--junit", out},
        {"report", folder_.path(), "--junit", out},
        {"report", json, "--junit", json},
        {"report", json, "--junit", out, "--sarif", out},
        {"report", json, "--junit", folder_.path("same"), "--json", folder_.path("same")},
        {"report", json, "--junit", "-", "--sarif", "-"},
        {"report", json, "--junit", out, "--sarif", nowhere}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(arguments);
    EXPECT_EQ(outcome.count("fiberproof: "), 1u) << outcome.text();
    EXPECT_EQ(outcome.lines.size(), 1u) << outcome.text();
    EXPECT_FALSE(std::filesystem::exists(out)) << testing::PrintToString(arguments);
  }
}

}  // namespace
}  // namespace fiberproof::verify
