// Children start, keep their limits, and are gone with their objects.
#include "verify/process/child_process.hpp"
#include "verify/process/descriptor.hpp"
#include "verify/process/process.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <cstdlib>

namespace fiberproof::verify {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

ProcessEnd run(const std::vector<std::string>& arguments, std::vector<std::string>& lines,
               const std::vector<std::string>& environment = {}) {
  return run_process(arguments, environment,
                     [&lines](const std::string& line) { lines.push_back(line); });
}

TEST(child_process, is_found_by_path_or_by_name) {
  for (const char* const program : {"/bin/true", "true"}) {
    auto child = ChildProcess::start({.arguments = {program}});
    ASSERT_TRUE(child) << child.error();
    EXPECT_EQ(exit_code_of(child->wait()), 0);
  }
}

TEST(child_process, that_is_missing_is_an_error) {
  for (const char* const program : {"/no/such/program", "no-such-program"}) {
    const auto child = ChildProcess::start({.arguments = {program}});
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error(), "No such file or directory");
  }
}

TEST(child_process, has_our_environment_with_changes) {
  ::setenv("FIBERPROOF_KEPT", "kept", 1);
  ::setenv("FIBERPROOF_CHANGED", "old", 1);
  std::vector<std::string> lines;
  const ProcessEnd end = run({"sh", "-c", "echo $FIBERPROOF_KEPT $FIBERPROOF_CHANGED"}, lines,
                             {"FIBERPROOF_CHANGED=newer", "FIBERPROOF_CHANGED=new=er"});
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(lines, std::vector<std::string>{"kept new=er"});
}

TEST(child_process, cannot_write_a_longer_file_than_allowed) {
  const ScratchFolder folder;
  const std::string line = "printf 12345678901234567890 > " + folder.path("file");
  auto child = ChildProcess::start(
      {.arguments = {"sh", "-c", "ulimit -c 0; " + line}, .file_bytes_max = 10});
  ASSERT_TRUE(child) << child.error();
  EXPECT_EQ(exit_code_of(child->wait()), 128 + SIGXFSZ);
  EXPECT_EQ(ScratchFolder::contents(folder.path("file")), "1234567890");
}

TEST(child_process, is_waited_for_no_longer_than_asked) {
  auto child = ChildProcess::start({.arguments = {"sleep", "1000"}});
  ASSERT_TRUE(child) << child.error();
  const auto begin = Clock::now();
  EXPECT_EQ(child->wait_until(begin + 50ms), std::nullopt);
  EXPECT_EQ(child->wait_until(begin + 1000s, [] { return true; }), std::nullopt);
  child->signal(SIGTERM);
  const auto end = child->wait_until(begin + 1000s);
  ASSERT_TRUE(end);
  EXPECT_EQ(exit_code_of(*end), 128 + SIGTERM);
}

TEST(child_process, is_gone_with_its_object_and_takes_its_group_along) {
  Pipe pipe = Pipe::make();
  {
    const auto child = ChildProcess::start({.arguments = {"sh", "-c", "sleep 1000 & echo; wait"},
                                            .output = pipe.writing.number(),
                                            .leads_group = true});
    ASSERT_TRUE(child) << child.error();
    char byte = 0;
    ASSERT_EQ(::read(pipe.reading.number(), &byte, 1), 1);
  }
  pipe.writing.close();
  char byte = 0;
  EXPECT_EQ(::read(pipe.reading.number(), &byte, 1), 0) << "somebody still has the other end";
}

TEST(child_process, that_is_a_copy_runs_our_code) {
  int here = 0;
  auto child = ChildProcess::copy([&here] {
    here = 1;
    ::_exit(7);
  });
  ASSERT_TRUE(child) << child.error();
  EXPECT_EQ(exit_code_of(child->wait()), 7);
  EXPECT_EQ(here, 0);
}

TEST(process, gives_lines_of_output_and_errors) {
  std::vector<std::string> lines;
  const ProcessEnd end = run({"sh", "-c", "echo one; echo two >&2; printf three; exit 3"}, lines);
  EXPECT_TRUE(end.started);
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "three"}));
}

TEST(process, that_cannot_be_started_says_why) {
  std::vector<std::string> lines;
  const ProcessEnd end = run({"/no/such/program"}, lines);
  EXPECT_FALSE(end.started);
  EXPECT_EQ(end.why_not_started, "No such file or directory");
  EXPECT_TRUE(lines.empty());
}

}  // namespace
}  // namespace fiberproof::verify
