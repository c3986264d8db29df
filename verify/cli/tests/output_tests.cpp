// Output for people: a status line on a terminal, refutations at the end, closed or full devices.
#include "verify/cli/tests/command_test.hpp"
#include "verify/cli/tests/session.hpp"

#include <array>

namespace fiberproof::verify {
namespace {

// All output of a command on a terminal with this many columns.
std::string on_terminal(std::vector<std::string> arguments, unsigned short columns) {
  arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
  return run_session({.arguments = arguments, .environment = {"TERM=xterm"}, .columns = columns})
      .output;
}

class command_output : public CommandTest {};

TEST_F(command_output, a_full_or_closed_device_is_an_error) {
  const std::vector<std::string> commands{"prove layout",
                                          "list proofs",
                                          "list specs",
                                          "help",
                                          "--version",
                                          std::string("replay ") + counterexample,
                                          std::string("explain ") + counterexample};
  for (const std::string& command : commands) {
    const Outcome full = shell(fmt::format("$F {} > /dev/full", command));
    EXPECT_EQ(full.exit_code, 2) << command;
    EXPECT_EQ(full.lines,
              std::vector<std::string>{"fiberproof: standard output: No space left on device"})
        << command;
    const Outcome closed = shell(fmt::format("$F {} >&-", command));
    EXPECT_EQ(closed.exit_code, 2) << command;
    EXPECT_EQ(closed.lines,
              std::vector<std::string>{"fiberproof: standard output: Bad file descriptor"})
        << command;
    // Nobody reads: the other end is closed before anything is printed.
    const Outcome pipe =
        shell(fmt::format("(sleep 0.2; exec $F {}) | true; exit ${{PIPESTATUS[0]}}", command));
    EXPECT_EQ(pipe.exit_code, 2) << command;
    EXPECT_EQ(pipe.lines, std::vector<std::string>{"fiberproof: standard output: Broken pipe"})
        << command;
  }
  EXPECT_EQ(shell("$F list specs --json /dev/full").exit_code, 2);
}

TEST_F(command_output, a_contract_is_printed_as_soon_as_it_is_decided) {
  // `machine` takes seconds; layout comes first, and is printed before they are over.
  const Outcome outcome = shell(
      "exec 3< <($F prove layout machine); read -r -u 3 line; echo \"$line\"; "
      "kill -0 $! && echo it still runs; kill $!");
  ASSERT_GE(outcome.lines.size(), 2u);
  EXPECT_TRUE(outcome.lines[0].starts_with("proved   layout/")) << outcome.lines[0];
  EXPECT_EQ(outcome.lines[1], "it still runs");
}

TEST_F(command_output, the_status_line_fits_its_terminal_and_disappears) {
  for (const unsigned short columns : std::array<unsigned short, 3>{40, 60, 120}) {
    const std::string text = on_terminal({"prove", "initialize/"}, columns);
    const auto lines = status_lines(text);
    ASSERT_FALSE(lines.empty()) << text;
    for (const std::string& line : lines) EXPECT_LT(line.size(), columns) << line;
    EXPECT_TRUE(lines.front().starts_with("[0/44] initialize/")) << lines.front();
    EXPECT_NE(text.find("44 theorems in "), std::string::npos);
    EXPECT_TRUE(text.ends_with("\n"));
  }
  EXPECT_EQ(shell("$F prove layout").says("\x1b"), false) << "nothing of it is in a pipe";
}

TEST_F(command_output, a_refutation_says_whether_it_was_expected) {
  const Outcome good = run({"prove", "continuation_start_v44/T5"});
  EXPECT_EQ(good.exit_code, 0);
  EXPECT_TRUE(good.says("(expected: v44 reports a trapped start as a return"));
  EXPECT_TRUE(good.lines.back().ends_with("1 refuted, all as expected")) << good.lines.back();

  const std::string contract = file("wrong.contract",
                                    "contract wrong\nghost x, y : word\nassume x < y\n"
                                    "exit\n  L1 right: x != y\n  L2 wrong: x + 1 == y\n");
  const Outcome bad = run({"prove", "--contract", contract});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_TRUE(bad.lines.front().starts_with("refuted  wrong/L2.wrong")) << bad.lines.front();
  EXPECT_FALSE(bad.says("(expected"));
  EXPECT_TRUE(bad.says("fiberproof: wrong/L2.wrong is refuted"));
  EXPECT_TRUE(bad.says("1 refuted; NOT as expected"));
}

TEST_F(command_output, an_unexpected_refutation_ends_with_the_line_that_replays_it) {
  const std::string contract = file(
      "never.contract",
      "contract never\nghost x : word\nexit\n  L1 never: x != 0\ncounterexample\n"
      "  | fiberproof program 2\n  | expect trap-reported-as-return\n  | stack s0 pooled 65536\n"
      "  | function f0 params 0 returns 0\n  | steps\n  |   start f0 on s0\n  |   return\n"
      "  | end\n");
  const Outcome outcome = run({"prove", "--contract", contract, "--counterexamples", path("kept")});
  EXPECT_EQ(outcome.exit_code, 1);
  const std::string kept = path("kept/never.L1.never.program");
  EXPECT_TRUE(
      outcome.says("fiberproof: never/L1.never is refuted; replay with: fiberproof replay " + kept))
      << testing::PrintToString(outcome.lines);
  EXPECT_EQ(run({"replay", kept}).exit_code, 1);
}

TEST_F(command_output, help_and_version_are_printed) {
  EXPECT_TRUE(run({"--version"}).lines.front().starts_with("fiberproof "));
  EXPECT_EQ(run({"help"}).exit_code, 0);
  for (const char* const name :
       {"prove", "fuzz", "replay", "explain", "minimize", "hunt", "mutate", "list"}) {
    const Outcome help = run({"help", name});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_EQ(help.lines, run({name, "--help"}).lines) << name;
    EXPECT_TRUE(help.says("--json FILE")) << name;
    // CLI11's own names of types mean nothing to people.
    for (const char* const odd : {"TEXT", "UINT", "{", "Excludes"}) {
      EXPECT_FALSE(help.says(odd)) << name << ": " << odd;
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
