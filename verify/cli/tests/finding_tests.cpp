// Findings of `fuzz`: kept under unused names, with a line that replays them.
#include "verify/cli/tests/fuzz_session.hpp"

#include <fstream>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

// The canary in place of a target: it has a planted bug.
class finding : public fuzz_session {
 protected:
  void SetUp() override {
    command_ = move_with(FIBERPROOF_CANARY);
    filesystem::rename(home_.bin() + "/layout_fuzzer", home_.bin() + "/program_fuzzer");
  }
  SessionOptions fuzz(std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"fuzz", "program", "--time", "900", "--no-seeds"};
    words.insert(words.end(), more.begin(), more.end());
    SessionOptions found = options(words);
    found.arguments[0] = command_;
    return found;
  }
  // The folder keeps inputs and Programs, few and small.
  void expect_kept(const std::string& folder, std::size_t most) const {
    const auto files = ScratchHome::all_in(home_.work());
    EXPECT_GE(files.size(), 2u);
    EXPECT_LE(files.size(), most);
    for (const std::string& file : files) {
      EXPECT_TRUE(file.starts_with(folder)) << file;
      EXPECT_LT(filesystem::file_size(file), 64u * 1024) << file;
    }
    EXPECT_EQ(ScratchHome::all_in(home_.temporary()), std::vector<std::string>{});
  }

  std::string command_;
};

std::string line_behind(const std::string& output, const std::string& mark) {
  const std::size_t at = output.find(mark);
  if (at == output.npos) return {};
  const std::size_t begin = at + mark.size();
  return output.substr(begin, output.find('\n', begin) - begin);
}

TEST_F(finding, is_kept_in_one_folder_with_a_line_that_replays_it_anywhere) {
  const SessionEnd end = run_session(fuzz());
  EXPECT_EQ(end.status, 1) << end.output;
  EXPECT_NE(end.output.find("found 1"), std::string::npos) << end.output;
  EXPECT_NE(end.output.find(" violated"), std::string::npos) << end.output;
  expect_kept(home_.work() + "/fiberproof-artifacts/", 2);
  const std::string line = line_behind(end.output, "replay with: ");
  ASSERT_FALSE(line.empty()) << end.output;
  const SessionEnd replay = run_session({{"/bin/sh", "-c", line}, "/", {}, 0, {}});
  EXPECT_NE(replay.status, 0);
  EXPECT_NE(replay.output.find(" violated"), std::string::npos) << replay.output;
}

TEST_F(finding, may_be_kept_in_a_folder_with_any_name) {
  const SessionEnd end = run_session(fuzz({"--artifacts", "what we found/it's"}));
  EXPECT_EQ(end.status, 1) << end.output;
  expect_kept(home_.work() + "/what we found/it's/", 2);
  const std::string line = line_behind(end.output, "replay with: ");
  const SessionEnd replay = run_session({{"/bin/sh", "-c", line}, "/", {}, 0, {}});
  EXPECT_NE(replay.output.find(" violated"), std::string::npos) << line << '\n' << replay.output;
}

TEST_F(finding, of_one_process_ends_all_of_them) {
  const SessionEnd end = run_session(fuzz({"--jobs", "3"}));
  EXPECT_EQ(end.status, 1) << end.output;
  EXPECT_NE(end.output.find("replay with: "), std::string::npos) << end.output;
  expect_kept(home_.work() + "/fiberproof-artifacts/", 6);
  EXPECT_TRUE(processes_with(home_.bin() + "/program_fuzzer").empty());
}

TEST_F(finding, of_two_runs_in_one_folder_does_not_disturb_the_other) {
  const SessionOptions both = fuzz();
  Session first(both);
  Session second(both);
  EXPECT_EQ(first.wait(), 1) << first.output();
  EXPECT_EQ(second.wait(), 1) << second.output();
  for (const Session* const session : {&first, &second}) {
    const std::string kept = line_behind(session->output(), "the input is kept as ");
    EXPECT_TRUE(filesystem::exists(home_.work() + "/" + kept)) << session->output();
  }
  expect_kept(home_.work() + "/fiberproof-artifacts/", 4);
}

TEST_F(finding, overwrites_nothing_that_is_there) {
  const SessionEnd first = run_session(fuzz());
  const std::string kept = home_.work() + "/" + line_behind(first.output, "is kept as ");
  ASSERT_TRUE(filesystem::exists(kept)) << first.output;
  std::ofstream(kept + ".program") << "mine\n";
  // The same input again, with the artifact as the only seed.
  filesystem::create_directories(home_.path("seeds"));
  filesystem::copy_file(kept, home_.path("seeds/one"));
  SessionOptions again =
      options({"fuzz", "program", "--time", "900", "--seeds", home_.path("seeds")});
  again.arguments[0] = command_;
  EXPECT_EQ(run_session(again).status, 1);
  EXPECT_EQ(ScratchHome::contents(kept + ".program"), "mine\n");
}

}  // namespace
}  // namespace fiberproof::verify
