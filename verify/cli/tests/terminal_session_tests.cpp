// `fuzz` on terminals of some widths and in a pipe; Ctrl-C and signals to commands of every kind.
#include "verify/cli/tests/scratch_home.hpp"
#include "verify/cli/tests/session.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

namespace fiberproof::verify {
namespace {

class session : public testing::Test {
 protected:
  SessionOptions options(std::vector<std::string> arguments, unsigned short columns = 0) const {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return {std::move(arguments),
            home_.work(),
            {"TMPDIR=" + home_.temporary(), "TERM=xterm"},
            columns,
            {}};
  }

  // Status 130, the word "interrupted", and nothing left: no process, no temporary file.
  void expect_interrupted(Session& session) const {
    EXPECT_EQ(session.wait(), 130) << session.output();
    EXPECT_NE(session.output().find("interrupted"), std::string::npos) << session.output();
    expect_nothing_left();
  }
  void expect_nothing_left() const {
    EXPECT_TRUE(processes_with(home_.temporary()).empty());
    EXPECT_EQ(ScratchHome::all_in(home_.temporary()), std::vector<std::string>{});
  }

  ScratchHome home_;
};

// What a terminal shows at once: the text between two returns to the start of the line.
std::vector<std::string> refreshes(const std::string& output) {
  constexpr std::string_view erase = "\x1b[K";
  std::vector<std::string> parts;
  std::istringstream stream(output);
  for (std::string part; std::getline(stream, part, '\r');) {
    if (part.starts_with(erase)) parts.push_back(part.substr(erase.size()));
  }
  return parts;
}

TEST_F(session, on_a_terminal_the_last_line_tells_what_was_done) {
  const SessionEnd end = run_session(options({"fuzz", "layout", "--time", "2"}, 120));
  EXPECT_EQ(end.status, 0) << end.output;
  const auto shown = refreshes(end.output);
  ASSERT_FALSE(shown.empty()) << end.output;
  EXPECT_TRUE(shown.back().starts_with("layout: ")) << shown.back();
  EXPECT_EQ(end.output.find(": 0 executions"), std::string::npos) << end.output;
  EXPECT_EQ(shown.back().find('?'), std::string::npos) << shown.back();
  expect_nothing_left();
}

TEST_F(session, on_a_narrow_terminal_the_progress_line_is_not_wrapped) {
  const SessionEnd end = run_session(options({"fuzz", "layout", "--time", "2"}, 60));
  EXPECT_EQ(end.status, 0) << end.output;
  auto shown = refreshes(end.output);
  ASSERT_GT(shown.size(), 1u) << end.output;
  shown.pop_back();  // The last one is followed by a line end, and printed in full.
  for (const std::string& line : shown) EXPECT_LT(line.size(), 60u) << line;
}

TEST_F(session, verdicts_have_colour_on_a_terminal_alone_and_not_where_no_color_asks) {
  const std::vector<std::string> command{"prove", "continuation_start_v44/T5"};
  const std::string colour = "\x1b[3";
  EXPECT_TRUE(run_session(options(command, 120)).output.contains(colour));
  EXPECT_FALSE(run_session(options(command)).output.contains(colour));
  SessionOptions plain = options(command, 120);
  plain.environment.push_back("NO_COLOR=1");
  EXPECT_FALSE(run_session(plain).output.contains(colour));
}

TEST_F(session, flags_behind_two_dashes_are_the_engines) {
  const SessionEnd end = run_session(
      options({"fuzz", "layout", "--no-seeds", "--json", "results", "--", "-runs=300", "-seed=7"}));
  EXPECT_EQ(end.status, 0) << end.output;
  const auto results = nlohmann::json::parse(ScratchHome::contents(home_.work() + "/results"));
  EXPECT_EQ(results["targets"][0]["executions"], 300);
  for (const char* const flag :
       {"-jobs=4", "-artifact_prefix=x", "runs", "--runs=4", "-runs", "-runs=abc", "-runs=1x",
        "-bogus=1", "-run=5", "-runs=99999999999999999999"}) {
    const SessionEnd wrong = run_session(options({"fuzz", "layout", "--time", "1", "--", flag}));
    EXPECT_EQ(wrong.status, 2) << flag;
    EXPECT_TRUE(wrong.output.starts_with("fiberproof: fuzz: ")) << wrong.output;
  }
}

TEST_F(session, in_a_pipe_there_are_whole_lines) {
  const SessionEnd end = run_session(options({"fuzz", "layout", "--time", "2"}));
  EXPECT_EQ(end.status, 0) << end.output;
  EXPECT_EQ(end.output.find_first_of("\r\x1b"), std::string::npos) << end.output;
  std::istringstream lines(end.output);
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(line.starts_with("layout: ")) << line;
    EXPECT_EQ(line.find(": 0 executions"), std::string::npos) << line;
  }
  EXPECT_GE(count, 2u);
}

TEST_F(session, some_processes_of_a_target_tell_how_far_they_are) {
  const SessionEnd end =
      run_session(options({"fuzz", "layout", "--time", "2", "--jobs", "2"}, 120));
  EXPECT_EQ(end.status, 0) << end.output;
  EXPECT_GT(refreshes(end.output).size(), 1u);
  expect_nothing_left();
}

TEST_F(session, ctrl_c_ends_all_targets_and_leaves_nothing) {
  Session session(options({"fuzz", "layout", "trampoline", "--time", "900"}, 120));
  ASSERT_TRUE(session.wait_for("layout: "));
  session.press_ctrl_c();
  expect_interrupted(session);
  EXPECT_EQ(session.output().find("trampoline: "), std::string::npos) << session.output();
}

TEST_F(session, a_signal_to_the_process_alone_ends_it_as_well) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Session session(options({"fuzz", "layout", "--time", "900", "--jobs", "2"}));
    ASSERT_TRUE(session.wait_for("layout: "));
    session.signal(signal);
    expect_interrupted(session);
  }
}

// As a shell starts a script's background commands.
TEST_F(session, an_interrupt_that_was_ignored_before_ends_it_as_well) {
  SessionOptions ignoring = options({"fuzz", "layout", "--time", "900"});
  ignoring.prepare = [] { std::signal(SIGINT, SIG_IGN); };
  Session session(ignoring);
  ASSERT_TRUE(session.wait_for("layout: "));
  session.signal(SIGINT);
  expect_interrupted(session);
}

TEST_F(session, ctrl_c_ends_the_main_job_with_the_table_of_what_is_known) {
  const std::string json = home_.path("results.json");
  Session session(options({"--json", json, "--time", "900"}, 120));
  ASSERT_TRUE(session.wait_for("layout: ")) << session.output();
  session.press_ctrl_c();
  expect_interrupted(session);
  EXPECT_NE(session.output().find("fuzzed, checks"), std::string::npos) << session.output();
  EXPECT_EQ(session.output().find("everything holds"), std::string::npos);
  const auto results = nlohmann::json::parse(ScratchHome::contents(json), nullptr, false);
  ASSERT_TRUE(results.is_object());
  EXPECT_EQ(results.value("interrupted", false), true);
}

// It takes a solver much longer than the test to see that 2^62 - 57 is prime.
constexpr const char* hard_contract =
    "contract hard\nghost x, y : word\nassume 1 < x and x < y and y < 0x100000000\n"
    "exit\n  L1 prime: x * y != 0x3fffffffffffffc7\n";

TEST_F(session, an_interrupt_ends_a_query_that_runs) {
  const std::string contract = home_.write("hard.contract", hard_contract);
  const std::string json = home_.path("results.json");
  for (const int signal : {SIGINT, SIGTERM}) {
    Session session(
        options({"--json", json, "prove", "--contract", contract, "--timeout", "600000"}));
    ::sleep(2);
    const auto begin = std::chrono::steady_clock::now();
    session.signal(signal);
    expect_interrupted(session);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9))
        << "before the command's own last resort";
    const auto results = nlohmann::json::parse(ScratchHome::contents(json), nullptr, false);
    ASSERT_TRUE(results.is_object());
    EXPECT_EQ(results.value("interrupted", false), true);
  }
}

TEST_F(session, ctrl_c_ends_all_proofs_and_prints_only_whole_contracts) {
  Session session(options({"prove"}, 120));
  ::sleep(1);
  session.press_ctrl_c();
  expect_interrupted(session);
  EXPECT_EQ(session.output().find("unknown "), std::string::npos) << session.output();
  EXPECT_EQ(session.output().find("did not run"), std::string::npos) << session.output();
}

TEST_F(session, ctrl_c_ends_replays_and_prints_their_number) {
  Session session(options({"replay", FIBERPROOF_CORPUS}, 120));
  ASSERT_TRUE(session.wait_for("as recorded"));
  session.press_ctrl_c();
  expect_interrupted(session);
  EXPECT_NE(session.output().find("replayed "), std::string::npos);
  EXPECT_EQ(session.output().find("crashed"), std::string::npos)
      << "a child that was ended is none that crashed";
}

TEST_F(session, a_signal_ends_a_hunt_with_the_table_of_what_is_known) {
  Session session(options({"hunt", "S14", "--folder", home_.path("hunt")}));
  ::sleep(3);
  session.signal(SIGINT);
  expect_interrupted(session);
  EXPECT_TRUE(processes_with(home_.path("hunt")).empty());
}

TEST_F(session, a_signal_ends_a_run_of_mutants) {
  Session session(options({"mutate", "caller_frame.cpp", "--folder", home_.path("mutate")}));
  ::sleep(3);
  session.signal(SIGTERM);
  expect_interrupted(session);
  EXPECT_TRUE(processes_with(home_.path("mutate")).empty());
}

}  // namespace
}  // namespace fiberproof::verify
