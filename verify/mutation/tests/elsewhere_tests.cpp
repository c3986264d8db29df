// Failures elsewhere, on a build folder and a corpus that are made up.
#include "verify/mutation/elsewhere.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

TEST(test_line, says_which_test_ended_and_whether_it_failed) {
  const auto failed = test_line_of(" 3/12 Test  #7: walk.ends .........***Failed    0.01 sec");
  EXPECT_EQ(failed.name, "walk.ends");
  EXPECT_TRUE(failed.is_failed);
  EXPECT_TRUE(
      test_line_of("1/2 Test #1: a ....Subprocess aborted***Exception:   0.2 sec").is_failed);
  EXPECT_TRUE(test_line_of("1/2 Test #1: a ....***Timeout   0.2 sec").is_failed);
  const auto passed = test_line_of("12/12 Test #12: walk.ends .....   Passed    0.01 sec");
  EXPECT_EQ(passed.name, "walk.ends");
  EXPECT_FALSE(passed.is_failed);
  EXPECT_FALSE(test_line_of("1/2 Test #1: a ....***Skipped   0.0 sec").is_failed);
  EXPECT_EQ(test_line_of("    Start 12: walk.ends").name, "");
  EXPECT_EQ(test_line_of("100% tests passed, 0 tests failed out of 3").name, "");
}

class elsewhere : public testing::Test {
 protected:
  void add_test(const std::string& name, const std::string& label, const std::string& program) {
    tests_ += "add_test(" + name + " \"/bin/sh\" \"-c\" \"" + program +
              "\")\nset_tests_properties(" + name + " PROPERTIES LABELS \"" + label + "\")\n";
  }
  auto failures() const {
    folder_.write("build/CTestTestfile.cmake", tests_);
    const std::string replays = folder_.write_program(
        "replays", "#!/bin/sh\necho \"$1/seeds/a.program: as recorded (pass)\"\n" + replayed_);
    return failures_elsewhere({.build = folder_.path("build"),
                               .corpus = folder_.path("corpus"),
                               .replays = replays,
                               .seconds_max = 3});
  }

  ScratchFolder folder_;
  std::string tests_;
  std::string replayed_;
};

TEST_F(elsewhere, are_none_where_all_tests_pass_and_every_program_is_as_recorded) {
  add_test("a.holds", "core", "exit 0");
  const auto failed = failures();
  ASSERT_TRUE(failed) << failed.error();
  EXPECT_EQ(*failed, std::vector<std::string>{});
}

TEST_F(elsewhere, name_the_tests_and_the_programs) {
  add_test("a.holds", "core", "exit 0");
  add_test("b.fails", "fuzz", "exit 1");
  add_test("c.is_slow", "core;slow", "exit 1");
  add_test("d.is_of_another_room", "verify", "exit 1");
  replayed_ = "echo \"$1/seeds/b.program: violation C5, expected pass\"; exit 1\n";
  const auto failed = failures();
  ASSERT_TRUE(failed) << failed.error();
  EXPECT_EQ(*failed, (std::vector<std::string>{"b.fails", "corpus seeds/b.program"}));
}

TEST_F(elsewhere, leave_out_a_test_that_passes_when_it_is_run_again) {
  add_test("a.is_flaky", "core", "mkdir " + folder_.path("first") + " && exit 1; exit 0");
  const auto failed = failures();
  ASSERT_TRUE(failed) << failed.error();
  EXPECT_EQ(*failed, std::vector<std::string>{});
}

TEST_F(elsewhere, say_that_tests_do_not_end) {
  add_test("a.holds", "core", "exit 0");
  add_test("b.never_ends", "core", "sleep 20");
  const auto failed = failures();
  ASSERT_TRUE(failed) << failed.error();
  EXPECT_EQ(*failed, std::vector<std::string>{tests_too_slow});
}

TEST_F(elsewhere, of_a_build_without_tests_are_an_error) {
  EXPECT_FALSE(failures());
  add_test("a.is_of_another_room", "verify", "exit 0");
  EXPECT_FALSE(failures());
}

TEST_F(elsewhere, of_a_corpus_that_is_not_replayed_are_an_error) {
  add_test("a.holds", "core", "exit 0");
  const std::string build = folder_.path("build");
  folder_.write("build/CTestTestfile.cmake", tests_);
  const auto failed = failures_elsewhere(
      {.build = build, .corpus = folder_.path("corpus"), .replays = "/bin/true", .seconds_max = 3});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().find("no Program was replayed"), std::string::npos) << failed.error();
}

}  // namespace
}  // namespace fiberproof::verify
