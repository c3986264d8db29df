// Runs `fiberproof fuzz` with limits, missing rights and other targets, and checks what it leaves.
#pragma once

#include "verify/cli/tests/scratch_home.hpp"
#include "verify/cli/tests/session.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace fiberproof::verify {

inline constexpr uid_t nobody = 65534;

class fuzz_session : public testing::Test {
 protected:
  SessionOptions options(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return {std::move(arguments), home_.work(), {"TMPDIR=" + home_.temporary()}, 0, {}};
  }
  SessionOptions fuzz_layout() const { return options({"fuzz", "layout", "--time", "1"}); }

  // Status 2, one line that contains `said`, and no trace of a finding.
  void expect_could_not_run(const SessionOptions& options, const std::string& said) const {
    const SessionEnd end = run_session(options);
    EXPECT_EQ(end.status, 2) << end.output;
    EXPECT_NE(end.output.find(said), std::string::npos) << end.output;
    EXPECT_EQ(end.output.find("found after"), std::string::npos) << end.output;
    EXPECT_EQ(end.output.find("replay with"), std::string::npos) << end.output;
    std::istringstream lines(end.output);
    std::size_t complaints = 0;
    for (std::string line; std::getline(lines, line);) {
      complaints += line.starts_with("fiberproof: ") ? 1 : 0;
    }
    EXPECT_EQ(complaints, 1u) << end.output;
    expect_nothing_left();
  }
  void expect_nothing_left() const {
    EXPECT_EQ(ScratchHome::all_in(home_.work()), std::vector<std::string>{});
    EXPECT_EQ(ScratchHome::all_in(home_.temporary()), std::vector<std::string>{});
  }

  static std::function<void()> limit(__rlimit_resource resource, rlim_t most) {
    return [resource, most] {
      const rlimit both{most, most};
      ::setrlimit(resource, &both);
    };
  }

  // The command and `program` as its target `layout`, in a folder of their own.
  std::string move_with(const std::string& program) const {
    std::filesystem::create_directories(home_.bin());
    std::filesystem::copy_file(FIBERPROOF_COMMAND, home_.bin() + "/fiberproof");
    std::filesystem::copy_file(program, home_.bin() + "/layout_fuzzer");
    return home_.bin() + "/fiberproof";
  }
  // With a shell script as the target; "-help=1" tells the script that there is no input.
  std::string move_with_script(const std::string& script) const {
    home_.write_program("script", "#!/bin/sh\n[ \"$1\" = -help=1 ] && exit 0\n" + script);
    return move_with(home_.path("script"));
  }
  SessionOptions fuzz_moved(const std::string& command) const {
    SessionOptions moved = options({"fuzz", "layout", "--time", "1", "--no-seeds"});
    moved.arguments[0] = command;
    return moved;
  }

  ScratchHome home_;
};

// In a mount namespace of its own; returns false without the rights for that.
inline bool has_own_mounts() {
  return ::unshare(CLONE_NEWNS) == 0 &&
         ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

inline bool can_have_own_mounts() {
  auto child = ChildProcess::copy([] { ::_exit(has_own_mounts() ? 0 : 1); });
  return child && child->wait() == 0;
}

}  // namespace fiberproof::verify
