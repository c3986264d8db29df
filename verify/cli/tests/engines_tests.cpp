// `fiberproof engines` with engines of bash, which speak the protocol `js` and have planted faults.
#include "verify/cli/tests/command_test.hpp"

#include <filesystem>

namespace fiberproof::verify {
namespace {

// MODE LOOP BATCH: right about the probes, unless MODE is yes; about the rest as MODE says.
constexpr const char* engine_of_bash = R"(#!/bin/bash
[ "$1" = --version ] && { echo "bash engine 1.2.3"; exit; }
mode=$1 batch=${*: -1} n=0
while read -r line; do
  [[ $line != '{"shared"'* ]] || continue
  echo "@begin $n"
  echo "@call $n 0"
  came=0
  if [[ $line == *'"probe"'* ]]; then
    [[ $line == *41070b* && $mode != yes ]] && came=7
  else
    case $mode in
      wrong) came=5 ;;
      crash) kill -SEGV $$ ;;
      hang) exec sleep 60 ;;
    esac
  fi
  echo "@came $n 0 returned $came"
  echo "@done $n"
  n=$((n + 1))
done < "$batch"
echo "@complete"
)";

constexpr const char* plain_program =
    "fiberproof program 2\nexpect pass\ntrampoline trap\nstack s0 pooled 65536\n"
    "function f0 params 1 returns 1\ntags 1\nsteps\n  new h0 f0 on s0\n"
    "  resume h0 1 to h1 suspends t0\nend\n";

class engines : public CommandTest {
 protected:
  engines() { folder_.write_program("engine", engine_of_bash); }

  std::vector<std::string> words(const std::string& mode) const {
    return {"engines", "--engine",  "bash:js=" + path("engine") + " " + mode,
            "--out",   path("out"), file("p.program", plain_program)};
  }

  Outcome run_mode(const std::string& mode, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = words(mode);
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  }
};

TEST_F(engines, that_are_right_agree) {
  const Outcome outcome = run_mode("right");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("bash    1.2.3                1         1       0       0"))
      << outcome.text();
  EXPECT_TRUE(outcome.says(" translations a second of CPU"));
  EXPECT_FALSE(outcome.says("  0 translations")) << outcome.text();
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(engines, a_wrong_answer_is_kept_in_a_folder_of_its_own) {
  const Outcome outcome = run_mode("wrong");
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(outcome.says("bash: expected 0, got another number: 1 program, new"));
  const std::string kept = path("out/bash-expected-0-got-another-number");
  EXPECT_NE(ScratchFolder::contents(kept + "/module-0.wat").find("(module"), std::string::npos);
  EXPECT_TRUE(
      ScratchFolder::contents(kept + "/module-0.wasm").starts_with(std::string("\0asm", 4)));
  // Minimised: an engine that is always wrong is wrong about a program of one step, too.
  const std::string said = ScratchFolder::contents(kept + "/said.txt");
  EXPECT_NE(said.find("bash 1.2.3: expected 0, got returned 5 (call 1)"), std::string::npos)
      << said;
  const std::string mark = "This command shows it again:\n  ";
  ASSERT_NE(said.find(mark), std::string::npos) << said;
  const std::size_t begin = said.find(mark) + mark.size();
  EXPECT_TRUE(shell(said.substr(begin, said.find('\n', begin) - begin)).says("returned 5"));
  // The program that was kept shows it, and nothing is overwritten.
  EXPECT_EQ(run({"engines", "--engine", "bash:js=" + path("engine") + " wrong", "--out",
                 path("out"), kept + "/program.program"})
                .exit_code,
            1);
  EXPECT_TRUE(std::filesystem::exists(kept + ".2/said.txt"));
}

TEST_F(engines, a_program_without_a_step_for_an_engine_is_not_run) {
  const std::string beside =
      file("beside.program",
           "fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 0 returns 0\ntags 1\n"
           "steps\n  start f0 on s0\n  return\nend\n");
  const Outcome outcome = run_mode("right", {beside});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("1 program not run: no engine can be asked any of its steps"));
  EXPECT_TRUE(outcome.says("left out in 1 program: beside the store"));
  EXPECT_TRUE(outcome.says("bash    1.2.3                1         1       0       0"))
      << outcome.text();
}

TEST_F(engines, a_crash_and_a_hang_are_told_apart) {
  EXPECT_TRUE(run_mode("crash", {"--no-minimize"}).says("expected 0, got crash: SIGSEGV"));
  EXPECT_TRUE(run_mode("hang", {"--no-minimize", "--time", "1"}).says("expected 0, got hang"));
}

TEST_F(engines, a_known_disagreement_is_no_failure) {
  const std::string known =
      file("known.txt",
           "five | ba* | 1.0..2 | expected 0, got another number | any | nobody, issue 1\n");
  const Outcome outcome = run_mode("wrong", {"--known", known});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("1 program, known: five (nobody, issue 1)"));
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(engines, one_that_says_yes_to_everything_is_left_out) {
  const Outcome outcome = run_mode("yes");
  EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
  EXPECT_TRUE(outcome.says("bash: left out: "));
  EXPECT_TRUE(outcome.says("does not notice a wrong result"));
}

TEST_F(engines, one_of_the_table_that_is_not_there_is_left_out_and_not_counted) {
  const std::string table =
      file("engines.txt", "here auto js ./engine right\ngone 1.0 js ./none x\n");
  const Outcome outcome =
      run({"engines", "--table", table, "--out", path("out"), file("p.program", plain_program)});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("gone: left out: "));
  EXPECT_TRUE(outcome.says("No such file or directory"));
}

TEST_F(engines, wrong_words_are_one_line_before_anything_runs) {
  const std::string table = file("engines.txt", "\nhere js x\n");
  for (const auto& [arguments, line] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"engines", "--table", table}, table + ":2: an engine is NAME VERSION PROTOCOL"},
           {{"engines", "--engine", "x"}, "--engine x: write NAME=COMMAND"},
           {{"engines", "--table", path("none")}, path("none") + ": cannot be read"},
           {{"engines", "--engine", "a:js=" + path("engine"), path("none.program")},
            "none.program"},
           {{"--engines", "5", "list", "proofs"},
            "--engines before 'list' applies only without"}}) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
    EXPECT_EQ(outcome.lines.size(), 1U) << outcome.text();
    EXPECT_TRUE(outcome.says(line)) << outcome.text();
  }
}

}  // namespace
}  // namespace fiberproof::verify
