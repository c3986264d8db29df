// `fiberproof init` and `fiberproof check`: a repository's own fiberproof.toml.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

Outcome run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
  return outcome_of(arguments);
}

class project : public testing::Test {
 protected:
  project() { copy("trap_att.o"); }

  void copy(const std::string& name) const {
    filesystem::copy_file(std::string(FOREIGN_FILES) + "/" + name, folder_.path("engine.o"),
                          filesystem::copy_options::overwrite_existing);
  }

  Outcome init() const {
    return run({"init", "--object", folder_.path("engine.o"), "--symbol", "start=engine_start",
                "-o", file_});
  }

  // The file as init writes it, with `was` replaced.
  void change(const std::string& was, const std::string& is) const {
    std::string text = ScratchFolder::contents(file_);
    const std::size_t place = text.find(was);
    ASSERT_NE(place, text.npos) << text;
    folder_.write("fiberproof.toml", text.replace(place, was.size(), is));
  }

  Outcome check_text(const std::string& text) const {
    folder_.write("fiberproof.toml", text);
    return run({"check", file_});
  }

  ScratchFolder folder_;
  std::string file_ = folder_.path("fiberproof.toml");
};

TEST_F(project, what_init_writes_holds) {
  const Outcome made = init();
  ASSERT_EQ(made.exit_code, 0) << made.text();
  EXPECT_TRUE(ScratchFolder::contents(file_).contains("\nobject = \"engine.o\"\n"));
  const Outcome outcome = run({"check", file_});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("everything holds as it says"));
  // A second one would lose what was edited.
  const std::string before = ScratchFolder::contents(file_);
  EXPECT_EQ(init().exit_code, 2);
  EXPECT_EQ(ScratchFolder::contents(file_), before);
}

TEST_F(project, a_theorem_that_vanishes_and_a_new_one_fail) {
  ASSERT_EQ(init().exit_code, 0);
  change("continuation_start/T2.args", "continuation_start/T2.arguments");
  const Outcome renamed = run({"check", file_});
  EXPECT_EQ(renamed.exit_code, 1) << renamed.text();
  EXPECT_TRUE(renamed.says("continuation_start/T2.arguments is expected, but did not run"));
  EXPECT_TRUE(renamed.says("continuation_start/T2.args ran, but is not in the list"));
  change("continuation_start/T2.arguments", "switch_to/S1.saves");
  const Outcome other = run({"check", file_});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_TRUE(other.says("switch_to/S1.saves is expected, but did not run")) << other.text();
}

TEST_F(project, code_that_becomes_wrong_fails_with_its_place) {
  ASSERT_EQ(init().exit_code, 0);
  copy("swapped_pops_lines.o");
  const std::string json = folder_.path("results.json");
  EXPECT_EQ(run({"check", file_, "--json", json}).exit_code, 1);
  const auto results = nlohmann::json::parse(ScratchFolder::contents(json));
  EXPECT_EQ(results["theorems"][0]["object"], folder_.path("engine.o"));
  const Outcome report = run({"report", json, "--markdown", "-"});
  EXPECT_TRUE(report.says("swapped\\_pops.s:6, engine\\_start+0x0")) << report.text();
}

// A refutation today is wanted proved: the file is no list of excuses.
TEST_F(project, init_wants_proofs_of_what_is_refuted) {
  copy("swapped_pops.o");
  const Outcome made = init();
  ASSERT_EQ(made.exit_code, 0) << made.text();
  EXPECT_TRUE(ScratchFolder::contents(file_).contains("= \"proved\"  # refuted today\n"));
  EXPECT_TRUE(made.says(", 2 of them not proved today")) << made.text();
  EXPECT_EQ(run({"check", file_}).exit_code, 1);
}

// Trampoline v44 is known to break T5, and the project says so of it.
TEST_F(project, a_refutation_that_is_known_stays_expected) {
  copy("v44_intel.o");
  const Outcome made = run({"init", "--object", folder_.path("engine.o"), "--symbol",
                            "start=engine_start_v44:34", "-o", file_});
  ASSERT_EQ(made.exit_code, 0) << made.text();
  EXPECT_TRUE(ScratchFolder::contents(file_).contains("trampoline = \"v44\"\n"));
  EXPECT_TRUE(ScratchFolder::contents(file_).contains(" = \"refuted\"\n"));
  EXPECT_EQ(run({"check", file_}).exit_code, 0);
}

TEST_F(project, a_contract_of_ones_own_is_found_beside_the_file) {
  const Outcome contract = run({"contract", "new", "mine", "-o", folder_.path("mine.contract")});
  ASSERT_EQ(contract.exit_code, 0) << contract.text();
  const Outcome outcome = check_text(
      "[[prove]]\nobject = \"engine.o\"\nname = \"x\"\ncontract = \"mine.contract\"\n"
      "symbol = { mine = \"engine_start\" }\n");
  EXPECT_EQ(outcome.exit_code, 1) << outcome.text();
  EXPECT_TRUE(outcome.says("== x"));
  EXPECT_TRUE(outcome.says("refuted  mine/")) << outcome.text();
}

TEST_F(project, every_error_is_told_with_its_line_and_nothing_runs) {
  const Outcome outcome = check_text(
      "[[prove]]\nobjct = \"engine.o\"\ntrampoline = \"trep\"\nsymbol = { start = 7 }\n"
      "let = { guard = \"x\" }\nonly = \"\"\ntimeout = -1\ncontract = [1]\n"
      "expected = { a = \"prooved\" }\n[engine]\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.lines.size(), outcome.count("fiberproof: ")) << outcome.text();
  EXPECT_TRUE(outcome.says("there is no key 'objct' here; did you mean 'object'?"));
  for (int line = 1; line <= 10; ++line) {
    EXPECT_TRUE(outcome.says(fmt::format("{}:{}:", file_, line))) << line << outcome.text();
  }
}

// Each was taken for something else once.
TEST_F(project, values_that_mean_nothing_are_errors) {
  const std::string begin =
      "[[prove]]\nobject = \"engine.o\"\nsymbol = { start = \"engine_start\" }\n";
  for (const std::string& text :
       {begin + "only = []\n", begin + "contract = []\n", begin + "timeout = 0\n",
        begin + "[engines]\nprograms = 0\n", begin + "[engines]\nseed = -1\n",
        std::string("[[prove]]\nobject = \"engine.o\"\nsymbol = { switch = [] }\n"),
        std::string("[[prove]]\nobject = \"engine.o\"\nsymbol = { \"a=b\" = \"c\" }\n"),
        std::string("[[prove]]\nobject = \"engine.o\\u0000x\"\n")}) {
    const Outcome outcome = check_text(text);
    EXPECT_EQ(outcome.exit_code, 2) << text << outcome.text();
    EXPECT_EQ(outcome.lines.size(), 1u) << outcome.text();
    EXPECT_TRUE(outcome.says("fiberproof.toml:")) << outcome.text();
  }
}

// The reader of TOML recurses over the parts of a key.
TEST_F(project, a_key_of_many_parts_is_an_error) {
  std::string key = "a";
  for (int part = 0; part < 60'000; ++part) key += ".a";
  const Outcome outcome = check_text("[[prove]]\n[" + key + "]\n");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_TRUE(outcome.says("fiberproof.toml:2: a line of more than 10000 bytes")) << outcome.text();
}

TEST_F(project, paths_go_through_links) {
  filesystem::create_directory(folder_.path("real"));
  filesystem::create_directory(folder_.path("links"));
  filesystem::create_symlink(folder_.path("real"), folder_.path("links/link"));
  const std::string there = folder_.path("links/link/fiberproof.toml");
  ASSERT_EQ(run({"init", "--object", folder_.path("engine.o"), "--symbol", "start=engine_start",
                 "-o", there})
                .exit_code,
            0);
  const Outcome outcome = run({"check", there});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
}

TEST_F(project, differences_name_the_proof) {
  ASSERT_EQ(init().exit_code, 0);
  change("[[prove]]\n", "[[prove]]\nname = \"mine\"\n");
  copy("swapped_pops.o");
  EXPECT_TRUE(run({"check", file_}).says("fiberproof: mine: continuation_start/T2."));
}

TEST_F(project, files_that_ask_for_nothing_or_are_no_toml_are_errors) {
  for (const char* const text :
       {"", "# nothing\n", "[[prove]]\n", "[prove]\n", "prove = 1\n", "engines = 1\n", "[[prove]\n",
        "[[prove]]\nobject = \"\"\n", "[[prove]]\nobject = \"missing.o\"\n",
        "[[prove]]\nobject = 1\n", "\xff\xfe", "a = 1\na = 2\n"}) {
    const Outcome outcome = check_text(text);
    EXPECT_EQ(outcome.exit_code, 2) << text << outcome.text();
    EXPECT_GE(outcome.count("fiberproof: "), 1u) << text;
  }
  EXPECT_EQ(run({"check", folder_.path("no_such_file")}).exit_code, 2);
  EXPECT_EQ(run({"check", folder_.path()}).exit_code, 2);
  EXPECT_EQ(run({"init"}).exit_code, 2);
  EXPECT_EQ(run({"init", "--object", folder_.path("missing.o"), "-o", file_ + "2"}).exit_code, 2);
  EXPECT_FALSE(filesystem::exists(file_ + "2"));
  EXPECT_EQ(run({"init", "--object", folder_.path("engine.o"), "-o", "-"}).exit_code, 2);
}

TEST_F(project, an_engine_that_does_not_work_fails) {
  const Outcome outcome =
      check_text("[engines]\nengine = { mine = \"/bin/false\" }\nprograms = 2\n");
  EXPECT_NE(outcome.exit_code, 0) << outcome.text();
  EXPECT_TRUE(outcome.says("mine")) << outcome.text();
}

}  // namespace
}  // namespace fiberproof::verify
