// The command at its edges: results as JSON, names that are wrong, output that nobody takes, and
// what a person sees who waits at a terminal.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/cli/tests/session.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

constexpr const char* counterexample =
    FIBERPROOF_CORPUS "/counterexamples/v44-trap-reported-as-return.program";

nlohmann::json json_in(const std::string& path) {
  return nlohmann::json::parse(ScratchFolder::contents(path), nullptr, false);
}

class edges : public testing::Test {
 protected:
  static Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return outcome_of(arguments);
  }

  // A line of the shell, in which $F is the command.
  static Outcome shell(const std::string& line) {
    return outcome_of({"/bin/bash", "-c", fmt::format("F='{}'\n{}", FIBERPROOF_COMMAND, line)});
  }

  std::string path(const std::string& name) const { return folder_.path(name); }

  std::string file(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }

  ScratchFolder folder_;
};

// All that a command writes to a terminal of so many columns.
std::string on_terminal(std::vector<std::string> arguments, unsigned short columns) {
  arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
  return run_session({.arguments = arguments, .environment = {"TERM=xterm"}, .columns = columns})
      .output;
}

TEST_F(edges, every_subcommand_writes_json_before_and_behind_its_name) {
  const std::vector<std::vector<std::string>> commands{
      {"replay", counterexample},
      {"explain", counterexample},
      {"list", "specs"},
      {"list", "mutants"},
      {"prove", "layout"},
      {"minimize", counterexample, "-o", path("shorter")},
      {"fuzz", "no_such_target"},
      {"hunt", "no_such_defect"},
      {"mutate", "no_such_file"},
      {"mutants", path("missing")},
      {"replay", path("missing")},
      {"explain", path("missing")},
      {"minimize", path("missing")}};
  for (const auto& command : commands) {
    for (const bool before : {true, false}) {
      const std::string json = path("results.json");
      filesystem::remove(json);
      filesystem::remove(path("shorter"));
      std::vector<std::string> arguments = command;
      arguments.insert(before ? arguments.begin() : arguments.end(), {"--json", json});
      const Outcome outcome = run(arguments);
      const nlohmann::json results = json_in(json);
      ASSERT_TRUE(results.is_object()) << testing::PrintToString(arguments);
      EXPECT_EQ(results["command"], command[0]);
      EXPECT_EQ(results["exit_status"], outcome.exit_code) << testing::PrintToString(arguments);
      EXPECT_EQ(results["errors"].empty(), outcome.exit_code == 0) << results["errors"];
    }
  }
}

TEST_F(edges, json_says_what_was_expected_found_and_claimed) {
  const std::string json = path("results.json");
  ASSERT_EQ(run({"prove", "continuation_start_v44/T5", "--json", json}).exit_code, 0);
  const nlohmann::json results = json_in(json);
  EXPECT_EQ(results["status"], "ok");
  const auto& theorems = results["theorems"];
  const auto refuted = std::ranges::find_if(
      theorems, [](const auto& theorem) { return theorem["verdict"] == "refuted"; });
  ASSERT_NE(refuted, theorems.end());
  EXPECT_EQ((*refuted)["expected"], "refuted");
  EXPECT_FALSE((*refuted)["claim"].template get<std::string>().empty());
  EXPECT_FALSE((*refuted)["reason"].template get<std::string>().empty());
}

TEST_F(edges, json_is_written_of_a_command_line_that_is_wrong) {
  const std::string json = path("results.json");
  const std::vector<std::vector<std::string>> wrong{{"--json", json, "prvoe"},
                                                    {"prove", "--frobnicate", "--json", json},
                                                    {"prove", "--timeout", "5s", "--json=" + json},
                                                    {"--time", "3", "prove", "--json", json}};
  for (const auto& arguments : wrong) {
    filesystem::remove(json);
    EXPECT_EQ(run(arguments).exit_code, 2);
    const nlohmann::json results = json_in(json);
    ASSERT_TRUE(results.is_object()) << testing::PrintToString(arguments);
    EXPECT_EQ(results["status"], "could_not_run");
    EXPECT_EQ(results["errors"].size(), 1u);
  }
}

TEST_F(edges, json_to_a_dash_is_all_of_standard_output) {
  const std::string out = path("out");
  for (const char* const line : {"$F prove layout --json -", "$F --json - list specs",
                                 "$F replay missing --json -", "$F prvoe --json -"}) {
    shell(fmt::format("cd {}; {} > out 2> err", folder_.path(), line));
    EXPECT_TRUE(json_in(out).is_object()) << line << ": " << ScratchFolder::contents(out);
    EXPECT_FALSE(ScratchFolder::contents(path("err")).empty()) << line;
  }
  EXPECT_FALSE(filesystem::exists(path("-")));
}

TEST_F(edges, results_replace_a_file_as_a_whole_or_not_at_all) {
  const std::string json = file("results.json", "before");
  ::chmod(json.c_str(), 0640);
  filesystem::create_symlink(json, path("link"));
  EXPECT_EQ(run({"list", "specs", "--json", path("link")}).exit_code, 0);
  EXPECT_TRUE(filesystem::is_symlink(path("link")));
  EXPECT_TRUE(json_in(json).is_object());
  struct stat status{};
  ASSERT_EQ(::stat(json.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0640u);
  // A disk without room: what was there stays.
  const Outcome full = shell(
      fmt::format("echo before > {0}; ulimit -f 0; trap '' XFSZ; $F list specs --json {0} | cat; "
                  "exit ${{PIPESTATUS[0]}}",
                  json));
  EXPECT_EQ(full.exit_code, 2);
  EXPECT_TRUE(full.says("fiberproof: --json")) << testing::PrintToString(full.lines);
  EXPECT_EQ(std::distance(filesystem::directory_iterator(folder_.path()), {}), 2)
      << "a temporary file";
}

TEST_F(edges, files_that_cannot_be_written_are_found_before_any_work) {
  const std::string nowhere = path("no/such/file");
  const std::string a_file = file("file", "");
  const std::vector<std::vector<std::string>> commands{
      {"prove", "layout", "--json", nowhere},
      {"prove", "layout", "--json", folder_.path()},
      {"prove", "layout", "--json", ""},
      {"prove", "layout", "--smt2", a_file + "/scripts"},
      {"prove", "layout", "--counterexamples", "/proc/no_such_folder"},
      {"hunt", "S14", "--table", nowhere},
      {"hunt", "S14", "--folder", a_file + "/hunt"},
      {"mutate", "initialize.cpp", "--folder", a_file + "/mutate"},
      {"minimize", counterexample, "-o", nowhere},
      {"minimize", counterexample, "-o", a_file}};
  for (const auto& command : commands) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exit_code, 2) << testing::PrintToString(command);
    EXPECT_EQ(outcome.lines.size(), 1u) << testing::PrintToString(outcome.lines);
    EXPECT_EQ(outcome.count("fiberproof: "), 1u) << testing::PrintToString(outcome.lines);
  }
}

TEST_F(edges, all_that_is_wrong_is_told_at_once_and_before_any_proof) {
  const Outcome outcome = run({"prove", "layuot", "continuation_strat/T4", "T44", "S5", "",
                               "--json", path("no/such"), "--smt2", "/proc/none", "--contract",
                               path("missing.contract"), "--object", path("missing.o")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.lines.size(), 4u) << testing::PrintToString(outcome.lines);
  const Outcome names = run({"prove", "layuot", "continuation_strat/T4", "T44", "S5", ""});
  EXPECT_EQ(names.exit_code, 2);
  EXPECT_EQ(names.lines.size(), 5u) << testing::PrintToString(names.lines);
  EXPECT_TRUE(names.says("'layuot'; did you mean 'layout'?"));
  EXPECT_TRUE(names.says("'continuation_strat/T4'; did you mean 'continuation_start/T4'?"));
  EXPECT_TRUE(names.says("'T44'; did you mean 'T4'?"));
  EXPECT_TRUE(names.says("rule S5"));
  EXPECT_TRUE(names.says("'' is no theorem's name"));
}

TEST_F(edges, a_misspelt_word_is_told_with_the_one_it_is_near_to) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"prvoe"}, "did you mean 'prove'?"},
      {{"help", "mutaet"}, "did you mean 'mutate'?"},
      {{"prove", "--slover", "z3"}, "did you mean '--solver'?"},
      {{"prove", "--solver", "cvc4"}, "did you mean 'cvc5'?"},
      {{"fuzz", "layuot"}, "did you mean 'layout'?"},
      {{"hunt", "S144"}, "did you mean 'S14'?"},
      {{"mutate", "initalize.cpp"}, "did you mean 'initialize.cpp'?"},
      {{"list", "prooves"}, "did you mean 'proofs'?"}};
  for (const auto& [arguments, meant] : wrong) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    ASSERT_EQ(outcome.lines.size(), 1u) << testing::PrintToString(outcome.lines);
    EXPECT_NE(outcome.lines[0].find(meant), std::string::npos) << outcome.lines[0];
  }
  EXPECT_FALSE(run({"frobnicate"}).says("did you mean"));
}

TEST_F(edges, a_name_in_a_contract_of_ones_own_is_checked_before_it_is_proved) {
  const std::string contract = file("mine.contract",
                                    "contract mine\nghost x : word\n"
                                    "exit\n  L1 same: x == x\n  L2 also: x == x\n");
  EXPECT_EQ(run({"prove", "mine/L1", "--contract", contract}).exit_code, 0);
  EXPECT_TRUE(run({"prove", "L2", "--contract", contract}).says("mine/L2.also"));
  const Outcome wrong = run({"prove", "mine/L3", "--contract", contract});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.lines.size(), 1u) << testing::PrintToString(wrong.lines);
}

TEST_F(edges, the_id_of_a_rule_selects_its_theorems) {
  const Outcome outcome = run({"prove", "E1"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.count("proved   layout/E1."), 3u);
  EXPECT_EQ(outcome.count("proved   layout/L"), 0u);
}

TEST_F(edges, output_that_is_not_taken_is_an_error) {
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
    // Nobody reads: by the time that something is printed, the other end is gone.
    const Outcome pipe =
        shell(fmt::format("(sleep 0.2; exec $F {}) | true; exit ${{PIPESTATUS[0]}}", command));
    EXPECT_EQ(pipe.exit_code, 2) << command;
    EXPECT_EQ(pipe.lines, std::vector<std::string>{"fiberproof: standard output: Broken pipe"})
        << command;
  }
  EXPECT_EQ(shell("$F list specs --json /dev/full").exit_code, 2);
}

TEST_F(edges, what_was_decided_before_the_reader_left_is_in_the_results) {
  const Outcome outcome =
      shell(fmt::format("$F prove layout initialize --json {} | head -n 1", path("results.json")));
  EXPECT_TRUE(outcome.says("fiberproof: standard output: Broken pipe"));
  const nlohmann::json results = json_in(path("results.json"));
  ASSERT_TRUE(results.is_object());
  EXPECT_EQ(results["exit_status"], 2);
  EXPECT_FALSE(results["theorems"].empty());
}

TEST_F(edges, a_contract_is_printed_as_soon_as_it_is_decided) {
  // What `machine` needs is seconds; layout is before it, and printed before they are over.
  const Outcome outcome = shell(
      "exec 3< <($F prove layout machine); read -r -u 3 line; echo \"$line\"; "
      "kill -0 $! && echo it still runs; kill $!");
  ASSERT_GE(outcome.lines.size(), 2u);
  EXPECT_TRUE(outcome.lines[0].starts_with("proved   layout/")) << outcome.lines[0];
  EXPECT_EQ(outcome.lines[1], "it still runs");
}

TEST_F(edges, the_status_line_fits_its_terminal_and_is_gone_in_the_end) {
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

TEST_F(edges, a_refutation_says_whether_it_was_expected) {
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

TEST_F(edges, an_unexpected_refutation_ends_with_the_line_that_replays_it) {
  const std::string contract =
      file("never.contract",
           "contract never\nghost x : word\nexit\n  L1 never: x != 0\ncounterexample\n"
           "  | fiberproof program 1\n  | expect trap-reported-as-return\n  | revision trap\n"
           "  | depth 8\n  | resumes 8\n  | stack s0 mapped 65536\n"
           "  | function f0 params 0 returns 0\n  |   return\n  | main\n  |   resume f0 on s0\n"
           "  | end\n");
  const Outcome outcome = run({"prove", "--contract", contract, "--counterexamples", path("kept")});
  EXPECT_EQ(outcome.exit_code, 1);
  const std::string kept = path("kept/never.L1.never.program");
  EXPECT_TRUE(
      outcome.says("fiberproof: never/L1.never is refuted; replay with: fiberproof replay " + kept))
      << testing::PrintToString(outcome.lines);
  EXPECT_EQ(run({"replay", kept}).exit_code, 1);
}

TEST_F(edges, a_program_can_come_from_standard_input) {
  const Outcome replayed = shell(fmt::format("$F replay - < {}", counterexample));
  EXPECT_EQ(replayed.exit_code, 0);
  EXPECT_TRUE(replayed.says("replayed 1 program: 1 as recorded"));
  EXPECT_TRUE(shell(fmt::format("cat {} | $F explain -", counterexample)).says("step 2, c1"));
  EXPECT_EQ(shell("$F replay " + path("no")).exit_code, 2);
  const Outcome minimized =
      shell(fmt::format("$F minimize - < {} 2> {}", counterexample, path("story")));
  EXPECT_EQ(minimized.exit_code, 0);
  EXPECT_EQ(minimized.lines.front(), "fiberproof program 1");
  EXPECT_NE(ScratchFolder::contents(path("story")).find("trap-reported-as-return, from 2 steps"),
            std::string::npos);
  EXPECT_EQ(shell("echo nonsense | $F replay -").exit_code, 2);
}

TEST_F(edges, what_a_target_found_is_replayed_by_the_name_of_its_file) {
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

TEST_F(edges, raw_bytes_are_told_from_a_program_with_a_mistake) {
  const std::string bytes = file("crash-1", "\x03\x80\x01\xff");
  Outcome outcome = run({"replay", bytes});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says(bytes + ": raw bytes and no Program; where a fuzz target"));
  file("crash-1.program", ScratchFolder::contents(counterexample));
  for (const char* const command : {"replay", "explain", "minimize"}) {
    outcome = run({command, bytes});
    EXPECT_EQ(outcome.exit_code, 2) << command;
    EXPECT_TRUE(outcome.says("lies beside it: " + bytes + ".program")) << command;
    EXPECT_EQ(outcome.count("fiberproof: "), 1u) << command;
  }
  for (const auto& [name, text] :
       {std::pair{"notes", "a text of mine\n"}, std::pair{"trampoline-notes", "another\n"},
        std::pair{"mine.program", "\x03\x80\x01"}}) {
    outcome = run({"replay", file(name, text)});
    EXPECT_EQ(outcome.exit_code, 2) << name;
    EXPECT_TRUE(outcome.says(path(name) + ":1:1: the first line is neither")) << name;
  }
}

TEST_F(edges, help_and_version_are_printed) {
  EXPECT_TRUE(run({"--version"}).lines.front().starts_with("fiberproof "));
  EXPECT_EQ(run({"help"}).exit_code, 0);
  for (const char* const name :
       {"prove", "fuzz", "replay", "explain", "minimize", "hunt", "mutate", "list"}) {
    const Outcome help = run({"help", name});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_EQ(help.lines, run({name, "--help"}).lines) << name;
    EXPECT_TRUE(help.says("--json FILE")) << name;
    // What a parser's library makes of types is nothing for people.
    for (const char* const odd : {"TEXT", "UINT", "{", "Excludes"}) {
      EXPECT_FALSE(help.says(odd)) << name << ": " << odd;
    }
  }
}

}  // namespace
}  // namespace fiberproof::verify
