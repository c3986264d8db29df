// The command without its sources, as on a computer to which only the build was copied.
#include "verify/cli/tests/fuzz_session.hpp"

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

// The sources hidden, as on a computer to which only the build was copied.
class moved : public fuzz_session {
 protected:
  void SetUp() override {
    if (!can_have_own_mounts()) GTEST_SKIP() << "takes mounts of its own, and so root";
    command_ = move_with(FIBERPROOF_LAYOUT_FUZZER);
  }
  SessionOptions without_sources(std::vector<std::string> arguments) const {
    SessionOptions hidden = options(std::move(arguments));
    hidden.arguments[0] = command_;
    hidden.prepare = [] {
      if (!has_own_mounts() || ::mount("none", FIBERPROOF_CORPUS, "tmpfs", 0, nullptr) != 0) {
        ::_exit(125);
      }
    };
    return hidden;
  }

  std::string command_;
};

TEST_F(moved, build_without_seeds_says_where_it_looked_and_what_to_do) {
  expect_could_not_run(without_sources({"fuzz", "layout", "--time", "1"}),
                       "no seeds for layout: looked for " + home_.bin() + "/corpus/seeds/layout, ");
}

TEST_F(moved, build_runs_without_seeds_on_request) {
  const SessionEnd end =
      run_session(without_sources({"fuzz", "layout", "--time", "1", "--no-seeds"}));
  EXPECT_EQ(end.status, 0) << end.output;
}

TEST_F(moved, build_finds_seeds_beside_it_and_where_it_is_told) {
  const std::string seed = "fiberproof program 2\n";
  home_.write("bin/corpus/seeds/layout/one", seed);
  EXPECT_EQ(run_session(without_sources({"fuzz", "layout", "--time", "1"})).status, 0);
  filesystem::remove_all(home_.bin() + "/corpus");
  home_.write("share/fiberproof/corpus/seeds/layout/one", seed);
  EXPECT_EQ(run_session(without_sources({"fuzz", "layout", "--time", "1"})).status, 0);
  filesystem::remove_all(home_.path("share"));
  for (const char* const folder : {"mine", "mine/layout", "mine/seeds/layout"}) {
    home_.write(std::string(folder) + "/one", seed);
    const SessionEnd end = run_session(
        without_sources({"fuzz", "layout", "--time", "1", "--seeds", home_.path("mine")}));
    EXPECT_EQ(end.status, 0) << end.output;
    filesystem::remove_all(home_.path("mine"));
  }
}

TEST_F(moved, build_reports_everything_missing_before_the_main_job) {
  const SessionEnd end = run_session(without_sources({"--time", "1"}));
  EXPECT_EQ(end.status, 2);
  for (const char* const missing :
       {"no seeds for layout", "trampoline_fuzzer: the target cannot be"}) {
    EXPECT_NE(end.output.find(missing), std::string::npos) << missing << '\n' << end.output;
  }
  EXPECT_EQ(end.output.find("== proofs"), std::string::npos) << end.output;
}

// All sources hidden, the build included.
class without_sources_at_all : public moved {
 protected:
  SessionOptions bare(std::vector<std::string> arguments) const {
    SessionOptions hidden = without_sources(std::move(arguments));
    hidden.prepare = [] {
      if (!has_own_mounts() || ::mount("none", FIBERPROOF_SOURCE, "tmpfs", 0, nullptr) != 0) {
        ::_exit(125);
      }
    };
    return hidden;
  }
};

TEST_F(without_sources_at_all, commands_that_need_them_say_so) {
  const std::vector<std::vector<std::string>> commands{
      {"mutate"}, {"mutate", "--print"}, {"hunt"}, {"list", "mutants"}, {"list", "defects"}};
  for (const auto& command : commands) {
    expect_could_not_run(bare(command), "the project's sources, which this command was built from");
  }
}

TEST_F(without_sources_at_all, refutations_are_kept_below_the_current_folder) {
  const SessionEnd help = run_session(bare({"prove", "--help"}));
  EXPECT_NE(help.output.find("FOLDER=fiberproof-counterexamples\n"), std::string::npos)
      << help.output;
  EXPECT_EQ(help.output.find(FIBERPROOF_CORPUS), std::string::npos) << help.output;
  EXPECT_EQ(run_session(bare({"prove", "layout"})).status, 0);
  expect_nothing_left();
}

}  // namespace
}  // namespace fiberproof::verify
