// The replayer: every file, damaged or not, gives one clear line that names it.
#include "fuzz/replay/replay.hpp"

#include "fuzz/program/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

namespace fiberproof::fuzz {
namespace {

namespace files = std::filesystem;

constexpr const char* trapped = R"(fiberproof program 2
expect trap-reported-as-return
trampoline v44
stack s0 pooled 32768
function f0 params 0 returns 0
steps
  start f0 on s0
  trap
end
)";

class replay : public testing::Test {
 protected:
  replay() : directory_(files::temp_directory_path() / ("fiberproof-" + test_name())) {
    files::remove_all(directory_);
    files::create_directories(directory_);
  }
  ~replay() override { files::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& text) const {
    const files::path path = directory_ / name;
    files::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  std::string directory() const { return directory_.string(); }

  /// Replays `text` and expects a refusal in one line that starts with the file's name.
  void expect_unreadable(const std::string& text, const std::string& rest) const {
    const std::string path = file("bad.program", text);
    const Replay seen = replay_file(path);
    EXPECT_EQ(seen.verdict, Replay::Verdict::unreadable);
    EXPECT_EQ(seen.line, path + rest);
    EXPECT_EQ(std::ranges::count(seen.line, '\n'), 0);
  }

 private:
  static std::string test_name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  files::path directory_;
};

TEST_F(replay, a_file_that_does_what_it_records_says_so) {
  const std::string path = file("good.program", trapped);
  const Replay seen = replay_file(path);
  EXPECT_EQ(seen.verdict, Replay::Verdict::as_recorded);
  EXPECT_EQ(seen.line, path + ": as recorded (trap-reported-as-return, 2 steps, 1 continuations)");
}

TEST_F(replay, another_outcome_than_expected_is_different) {
  std::string text = trapped;
  text.replace(text.find("trap-reported-as-return"), 23, "pass");
  const std::string path = file("other.program", text);
  const Replay seen = replay_file(path);
  EXPECT_EQ(seen.verdict, Replay::Verdict::different);
  EXPECT_EQ(seen.line, path + ": trap-reported-as-return, expected pass");
}

TEST_F(replay, a_violation_that_does_not_happen_is_different) {
  std::string text = trapped;
  text.replace(text.find("trap-reported-as-return"), 23, "violation T5");
  EXPECT_EQ(replay_file(file("other.program", text)).verdict, Replay::Verdict::different);
}

TEST_F(replay, a_truncated_file_is_one_clear_line) {
  const std::string text = trapped;
  expect_unreadable(text.substr(0, text.find("end")),
                    ":9:1: the text ends here, before a line 'end'");
  expect_unreadable(text.substr(0, text.find(" f0 on s0")),
                    ":7:8: expected a name such as f0, got ''");
}

TEST_F(replay, an_empty_file_is_one_clear_line) {
  expect_unreadable("", ":1:1: the text is empty");
}

TEST_F(replay, an_overrun_stack_is_reported_as_that_of_its_continuation) {
  const std::string overruns = R"(fiberproof program 2
expect stack-overflow
stack s0 pooled 65536
function f0 params 0 returns 0
steps
  start f0 on s0
  repeat 1 2
  overflow
end
)";
  const Replay seen = replay_file(file("overruns.program", overruns));
  EXPECT_EQ(seen.verdict, Replay::Verdict::as_recorded) << seen.line;
  const std::regex both_lines(
      "about to end the process: limit 0x0000([0-9a-f]{12}) access 0x0{16} parent 0x0{16} [^\n]*\n"
      "fiberproof: C8: stack overflow of continuation [0-9]+, 3 deep: its 65536 usable bytes end "
      "at "
      "0x\\1, ");
  EXPECT_TRUE(std::regex_search(seen.report, both_lines)) << seen.report;
}

TEST_F(replay, a_continuation_of_the_store_can_overflow_its_stack_too) {
  const std::string overflows =
      "fiberproof program 2\nexpect stack-overflow\nstack s0 pooled 65536\n"
      "function f0 params 0 returns 0\nsteps\n  new h0 f0 on s0\n  resume h0 0 to h0\n"
      "  new h0 f0 on s0\n  resume h0 0 to h0\n  overflow\nend\n";
  const Replay seen = replay_file(file("overflows.program", overflows));
  EXPECT_EQ(seen.verdict, Replay::Verdict::as_recorded) << seen.line << seen.report;
}

TEST_F(replay, memory_without_a_guard_page_is_not_overrun) {
  const std::string path =
      file("supplied.program",
           "fiberproof program 2\nexpect stack-overflow\nstack s0 supplied 65000\n"
           "function f0 params 0 returns 0\nsteps\n  start f0 on s0\n  overflow\nend\n");
  EXPECT_EQ(replay_file(path).line, path + ": pass, expected stack-overflow");
}

constexpr const char* resumed_again = R"(fiberproof program 2
expect check C3
stack s0 pooled 65536
function f0 params 0 returns 0
steps
  new h0 f0 on s0
  resume h0 0 to h0
  resume-again h0
end
)";

TEST_F(replay, what_a_check_stops_is_reported_with_its_rule_and_both_numbers) {
  const Replay seen = replay_file(file("again.program", resumed_again));
  EXPECT_EQ(seen.verdict, Replay::Verdict::as_recorded) << seen.line;
  const std::regex both_lines(
      "about to end the process: limit 0x0{16} access 0x0{16} parent (0x0000[0-9a-f]{12}) [^\n]*\n"
      "fiberproof: C3 violated: [^\n]* \\(\\1 against 0x0{16}\\) at [^\n]*\n$");
  EXPECT_TRUE(std::regex_search(seen.report, both_lines)) << seen.report;
}

TEST_F(replay, a_guard_page_touched_from_elsewhere_is_reported_with_whose_it_is) {
  std::string text = resumed_again;
  text.replace(text.find("check C3"), 8, "trespass");
  text.replace(text.find("  resume h0"), std::string::npos, "  trespass h0\nend\n");
  const Replay seen = replay_file(file("touched.program", text));
  EXPECT_EQ(seen.verdict, Replay::Verdict::as_recorded) << seen.line;
  const std::regex both_lines(
      "about to end the process: limit 0x0000([0-9a-f]{12}) access 0x0000([0-9a-f]{12}) [^\n]*\n"
      "fiberproof: C8: access from elsewhere to a guard page of continuation [0-9]+, in no active "
      "chain: its 65536 usable bytes end at 0x\\1, access to 0x\\2 at rip ");
  EXPECT_TRUE(std::regex_search(seen.report, both_lines)) << seen.report;
}

TEST_F(replay, a_check_of_another_rule_and_one_that_stops_nothing_are_different) {
  std::string text = resumed_again;
  text.replace(text.find("C3"), 2, "C2");
  const std::string path = file("again.program", text);
  EXPECT_EQ(replay_file(path).line, path + ": check C3, expected check C2");
  text.replace(text.find("  resume-again"), 17, "  walk");
  const std::string other = file("walk.program", text);
  EXPECT_EQ(replay_file(other).line, other + ": pass, expected check C2");
}

TEST_F(replay, binary_garbage_is_one_clear_line) {
  expect_unreadable(std::string("\x7f"
                                "ELF\0\1\2\n",
                                8),
                    ":1:1: byte 0x7f is not text");
}

TEST_F(replay, an_over_large_file_is_one_clear_line) {
  expect_unreadable(trapped + std::string(program_text_bytes_max, '#'),
                    ": too large: it goes on after byte 65536, the most that a program may have");
}

TEST_F(replay, a_missing_file_is_one_clear_line) {
  const Replay seen = replay_file(directory() + "/none.program");
  EXPECT_EQ(seen.verdict, Replay::Verdict::unreadable);
  EXPECT_EQ(seen.line, directory() + "/none.program: not a file that can be read");
}

TEST_F(replay, directories_are_expanded_in_order_and_fail_closed) {
  file("b/2.program", trapped);
  file("a/1.program", trapped);
  file("README.md", "");
  const ExpandedPaths good = expand_paths({directory()});
  EXPECT_TRUE(good.errors.empty());
  ASSERT_EQ(good.programs.size(), 2u);
  EXPECT_EQ(good.programs[0], directory() + "/a/1.program");
  file("a/crash-1", "x");
  EXPECT_EQ(expand_paths({directory()}).errors.size(), 1u);
}

TEST_F(replay, inputs_that_are_no_programs_have_folders_of_their_own) {
  file("seeds/trampoline/1.program", trapped);
  file("seeds/object/library.so", "x");
  file("reproducers/object/library.so", "x");
  file("seeds/instruction/push-rsp", "x");
  file("reproducers/instruction/push-rsp", "x");
  const ExpandedPaths good = expand_paths({directory()});
  EXPECT_TRUE(good.errors.empty());
  EXPECT_EQ(good.programs.size(), 1u);
  file("object/library.so", "x");
  EXPECT_EQ(expand_paths({directory()}).errors.size(), 1u);
}

TEST_F(replay, no_program_at_all_is_an_error) {
  EXPECT_EQ(expand_paths({}).errors.size(), 1u);
  EXPECT_EQ(expand_paths({directory()}).errors.size(), 1u);
  EXPECT_EQ(expand_paths({directory() + "/none"}).errors.size(), 1u);
}

}  // namespace
}  // namespace fiberproof::fuzz
