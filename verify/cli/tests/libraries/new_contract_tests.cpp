// `fiberproof contract new`: what it prints is proved as it is of a switch of that kind, and
// refuted of one that is wrong; the list of --expected and the numbers of --let are taken.
#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

class new_contract : public testing::Test {
 protected:
  static Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return outcome_of(arguments);
  }

  static Outcome prove(const std::string& contract, std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"prove", "--object", LIBRARY_FILES "/my_switch.o", "--contract", contract});
    return run(std::move(more));
  }

  // A new contract with one text in the place of another.
  std::string changed(const std::string& from, const std::string& to) {
    std::string text = run({"contract", "new"}).text();
    EXPECT_NE(text.find(from), text.npos) << from;
    return folder_.write("my_switch.contract", text.replace(text.find(from), from.size(), to));
  }

  ScratchFolder folder_;
};

TEST_F(new_contract, is_proved_as_it_is_of_such_a_switch) {
  const std::string path = folder_.path("new.contract");
  const Outcome written = run({"contract", "new", "-o", path});
  EXPECT_EQ(written.exit_code, 0) << written.text();
  EXPECT_TRUE(written.says("prove it with: fiberproof prove --object FILE --contract " + path));
  const Outcome outcome = prove(path);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_EQ(outcome.count("proved   my_switch/"), 16u) << outcome.text();
}

TEST_F(new_contract, has_the_name_that_is_given) {
  const std::string path = folder_.path("swapped.contract");
  EXPECT_EQ(run({"contract", "new", "swapped_switch", "-o", path}).exit_code, 0);
  const Outcome outcome = prove(path);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.count("refuted  swapped_switch/A1.callee_saved"), 1u) << outcome.text();
  EXPECT_EQ(prove(path, {"--symbol", "swapped_switch=my_switch"}).exit_code, 0);
}

TEST_F(new_contract, tells_of_the_modes_where_the_marks_are_taken_away) {
  const std::string path = changed("#  A4 mxcsr", "  A4 mxcsr");
  const Outcome refuted = prove(path);
  EXPECT_EQ(refuted.exit_code, 1);
  EXPECT_EQ(refuted.count("refuted  my_switch/A4.mxcsr"), 1u) << refuted.text();

  std::string list;
  for (const std::string& line : refuted.lines) {
    const std::size_t name = line.find("my_switch/");
    if (!line.starts_with("proved ") && !line.starts_with("refuted ")) continue;
    list += fmt::format("{} {}\n", line.substr(name, line.find(' ', name) - name),
                        line.substr(0, line.find(' ')));
  }
  const Outcome expected = prove(path, {"--expected", folder_.write("proofs.txt", list)});
  EXPECT_EQ(expected.exit_code, 0) << expected.text();
  EXPECT_TRUE(expected.says("16 proved, 1 refuted, all as expected")) << expected.text();

  const std::string fewer = list.substr(0, list.rfind('\n', list.size() - 2) + 1);
  const Outcome unlisted = prove(path, {"--expected", folder_.write("fewer.txt", fewer)});
  EXPECT_EQ(unlisted.exit_code, 1);
  EXPECT_TRUE(unlisted.says("ran, but is not in proofs.txt")) << unlisted.text();
  const Outcome missing =
      prove(path, {"--expected", folder_.write("more.txt", list + "my_switch/A9.other proved\n")});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_TRUE(missing.says("my_switch/A9.other is expected, but did not run")) << missing.text();
}

TEST_F(new_contract, takes_a_number_of_the_command_line) {
  const std::string path = changed("rip == old [load + 0x30]\n", "rip == old [load + at]\n");
  std::string text = ScratchFolder::contents(path);
  text.insert(text.find("run leave"), "let at = 0x28\n");
  folder_.write("my_switch.contract", text);
  EXPECT_EQ(prove(path).exit_code, 1);
  EXPECT_EQ(prove(path, {"--let", "at=0x30"}).exit_code, 0);
  EXPECT_EQ(prove(path, {"--let", "at=48"}).exit_code, 0);
  for (const auto& [given, why] :
       {std::pair{"at", "--let at: write NAME=NUMBER"},
        std::pair{"at=0x", "--let at=0x: write NAME=NUMBER"},
        std::pair{"to=1", "no contract of --contract has 'let to = NUMBER'"}}) {
    const Outcome outcome = prove(path, {"--let", given});
    EXPECT_EQ(outcome.exit_code, 2) << given;
    EXPECT_TRUE(outcome.says(why)) << outcome.text();
  }
}

}  // namespace
}  // namespace fiberproof::verify
