// Programs for replay, explain and minimize: files, standard input, and raw findings.
#include "verify/cli/tests/command_test.hpp"

namespace fiberproof::verify {
namespace {

class program_input : public CommandTest {};

TEST_F(program_input, a_program_can_come_from_standard_input) {
  const Outcome replayed = shell(fmt::format("$F replay - < {}", counterexample));
  EXPECT_EQ(replayed.exit_code, 0);
  EXPECT_TRUE(replayed.says("replayed 1 program: 1 as recorded"));
  EXPECT_TRUE(
      shell(fmt::format("cat {} | $F explain -", counterexample)).says("step 2, started 1"));
  EXPECT_EQ(shell("$F replay " + path("no")).exit_code, 2);
  const Outcome minimized =
      shell(fmt::format("$F minimize - < {} 2> {}", counterexample, path("story")));
  EXPECT_EQ(minimized.exit_code, 0);
  EXPECT_EQ(minimized.lines.front(), "fiberproof program 2");
  EXPECT_NE(ScratchFolder::contents(path("story")).find("trap-reported-as-return, from 2 steps"),
            std::string::npos);
  EXPECT_EQ(shell("echo nonsense | $F replay -").exit_code, 2);
}

TEST_F(program_input, a_finding_is_replayed_by_its_file_name) {
  const std::string bytes("\x03\x80\x00\xff\x11\x00\x42\x07", 8);
  const std::string input = file("trampoline-crash-1", bytes);
  const Outcome replayed = run({"replay", input});
  EXPECT_EQ(replayed.exit_code, 0);
  EXPECT_TRUE(replayed.says(input + ": as recorded (pass"));
  EXPECT_EQ(run({"explain", input}).exit_code, 0);
  EXPECT_TRUE(run({"minimize", input}).says("passes: there is no failure"));
  for (const char* const name : {"program-leak-2", "layout-oom-3.2", "walk-slow-unit-4"}) {
    EXPECT_EQ(run({"replay", file(name, bytes)}).exit_code, 0) << name;
  }
  const Outcome object = run({"replay", file("object-crash-5", bytes)});
  EXPECT_EQ(object.exit_code, 2);
  EXPECT_TRUE(object.says("object_fuzzer -runs=2 " + path("object-crash-5")));
}

TEST_F(program_input, raw_bytes_are_distinguished_from_a_wrong_program) {
  const std::string bytes = file("crash-1", "\x03\x80\x01\xff");
  Outcome outcome = run({"replay", bytes});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(
      outcome.says(bytes + ": raw bytes, not a Program; if they are a fuzz target's input"));
  file("crash-1.program", ScratchFolder::contents(counterexample));
  for (const char* const command : {"replay", "explain", "minimize"}) {
    outcome = run({command, bytes});
    EXPECT_EQ(outcome.exit_code, 2) << command;
    EXPECT_TRUE(outcome.says("Program beside it: " + bytes + ".program")) << command;
    EXPECT_EQ(outcome.count("fiberproof: "), 1u) << command;
  }
  for (const auto& [name, text] :
       {std::pair{"notes", "a text of mine\n"}, std::pair{"trampoline-notes", "another\n"},
        std::pair{"mine.program", "\x03\x80\x01"}}) {
    outcome = run({"replay", file(name, text)});
    EXPECT_EQ(outcome.exit_code, 2) << name;
    EXPECT_TRUE(outcome.says(path(name) + ":1:1: the first line is not 'fiberproof program 2'"))
        << name;
  }
}

}  // namespace
}  // namespace fiberproof::verify
