// Lines that libFuzzer did print, and how they are read.
#include "verify/cli/engine_output.hpp"
#include "verify/cli/fuzz_progress.hpp"
#include "verify/cli/terminal.hpp"

#include <gtest/gtest.h>
#include <initializer_list>

namespace fiberproof::verify {
namespace {

EngineOutput read(std::initializer_list<const char*> lines) {
  EngineOutput output;
  for (const char* const line : lines) output.read(line);
  return output;
}

TEST(engine_output, status_lines_are_read_field_by_field) {
  const auto status =
      parse_status("#4096\tpulse  cov: 300 ft: 900 corp: 120/3kb lim: 40 exec/s: 2048 rss: 40Mb");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->executions, 4096u);
  EXPECT_EQ(status->event, "pulse");
  EXPECT_EQ(status->coverage, 300u);
  EXPECT_EQ(status->corpus_inputs, 120u);
  EXPECT_EQ(status->executions_per_second, 2048u);
}

TEST(engine_output, status_lines_of_every_kind_are_read) {
  const auto event = [](const char* line) {
    const auto status = parse_status(line);
    return status ? status->event : "none";
  };
  EXPECT_EQ(event("#2\tINITED cov: 47 ft: 47 corp: 1/1b exec/s: 0 rss: 33Mb"), "INITED");
  EXPECT_EQ(event("#31\tNEW    cov: 196 ft: 351 corp: 6/3232b lim: 639 exec/s: 0 rss: 35Mb L: "
                  "639/639 MS: 1 ChangeASCIIInt-"),
            "NEW");
  EXPECT_EQ(event("#9\tREDUCE cov: 4 ft: 4 corp: 2/9b lim: 4 exec/s: 0 rss: 30Mb L: 4/5 MS: 1 -"),
            "REDUCE");
  EXPECT_EQ(event("#9\tRELOAD cov: 4 ft: 4 corp: 2/9b lim: 4 exec/s: 9 rss: 30Mb"), "RELOAD");
  EXPECT_EQ(event("#9\tDONE   cov: 4 ft: 4 corp: 2/9b lim: 4 exec/s: 9 rss: 30Mb"), "DONE");
  EXPECT_EQ(event("#1\tpulse  exec/s: 0 rss: 33Mb"), "pulse") << "of a merge";
}

TEST(engine_output, status_lines_of_fork_mode_are_read) {
  const auto status = parse_status(
      "#1024: cov: 300 ft: 900 corp: 120 exec/s: 512 oom/timeout/crash: 0/0/1 time: 2s job: 1 "
      "dft_time: 0");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->executions, 1024u);
  EXPECT_EQ(status->corpus_inputs, 120u);
  EXPECT_EQ(status->executions_per_second, 512u);
  EXPECT_EQ(status->event, "");
}

TEST(engine_output, what_merely_begins_with_a_number_sign_is_no_status) {
  for (const char* const line :
       {"###### Recommended dictionary. ######", "###### End of recommended dictionary. ######",
        "#", "# a comment", "#0 0x55adc3a24928 in run", "    #0 0x56356b1c63f1", "#12",
        "#12:", "#1\tread of size 8", "# 5 cov: 3", "cov: 3", ""}) {
    EXPECT_FALSE(parse_status(line)) << line;
  }
}

// Guards an old bug: "0 executions, ? per second, coverage ?" at the end of each good run on a
// terminal.
TEST(engine_output, closing_words_change_nothing_of_what_is_known) {
  const EngineOutput output =
      read({"#10\tINITED cov: 196 ft: 350 corp: 5/2593b exec/s: 0 rss: 34Mb",
            "#11855\tDONE   cov: 263 ft: 700 corp: 139/44Kb lim: 639 exec/s: 3951 rss: 52Mb",
            "###### Recommended dictionary. ######", "\"sta00\" # Uses: 18",
            "###### End of recommended dictionary. ######", "Done 11855 runs in 3 second(s)",
            "stat::number_of_executed_units: 11855", "stat::average_exec_per_sec:     3951",
            "stat::new_units_added:          342", "stat::slowest_unit_time_sec:    0",
            "stat::peak_rss_mb:              52"});
  TargetReport report;
  report.target = "layout";
  add_up(std::span(&output, 1), report);
  EXPECT_EQ(progress_line(report),
            "layout: 11855 executions, 3951 per second, coverage 263, corpus 139, found 0");
  EXPECT_TRUE(output.tail().empty()) << output.tail().front();
}

TEST(engine_output, a_crash_leaves_its_artifact_and_its_report) {
  const EngineOutput output =
      read({"#512\tpulse  cov: 47 ft: 47 corp: 1/1b exec/s: 256 rss: 33Mb",
            "fiberproof: C5 violated: a payload arrives as it was sent",
            "==7== ERROR: libFuzzer: deadly signal", "MS: 1 ChangeBit-; base unit: 0db0028d",
            "artifact_prefix='/tmp/x/'; Test unit written to /tmp/x/crash-5f5dfa18",
            "stat::number_of_executed_units: 700", "stat::average_exec_per_sec:     0"});
  EXPECT_EQ(output.artifacts(), std::vector<std::string>{"/tmp/x/crash-5f5dfa18"});
  EXPECT_EQ(output.status().executions, 700u);
  EXPECT_EQ(output.status().executions_per_second, 256u);
  EXPECT_EQ(output.tail().front(), "fiberproof: C5 violated: a payload arrives as it was sent");
}

TEST(engine_output, timeouts_and_want_of_memory_leave_artifacts_and_slow_inputs_do_not) {
  EXPECT_EQ(read({"artifact_prefix='./'; Test unit written to ./timeout-1"}).artifacts().size(),
            1u);
  EXPECT_EQ(read({"artifact_prefix='./'; Test unit written to ./oom-1"}).artifacts().size(), 1u);
  EXPECT_EQ(read({"artifact_prefix='./'; Test unit written to ./leak-1"}).artifacts().size(), 1u);
  EXPECT_TRUE(
      read({"artifact_prefix='./'; Test unit written to ./slow-unit-1"}).artifacts().empty());
}

TEST(engine_output, processes_of_one_target_are_added_up) {
  const std::vector<EngineOutput> outputs{
      read({"#100\tpulse  cov: 40 ft: 4 corp: 12/9b exec/s: 50 rss: 9Mb"}),
      read({"#300\tpulse  cov: 60 ft: 4 corp: 10/9b exec/s: 70 rss: 9Mb"}), EngineOutput()};
  TargetReport report;
  report.target = "walk";
  add_up(outputs, report);
  EXPECT_EQ(progress_line(report),
            "walk: 400 executions, 120 per second, coverage 60, corpus 12, found 0");
}

TEST(engine_output, a_line_is_cut_to_stay_within_the_terminal) {
  EXPECT_EQ(cut_to("layout: 11855", 8), "layout:");
  EXPECT_EQ(cut_to("layout", 7), "layout");
  EXPECT_EQ(cut_to("layout", 6), "layou");
}

}  // namespace
}  // namespace fiberproof::verify
