// Object files that a test assembles and links itself, and the command's verdict on them.
#pragma once

#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

class AssembledFiles : public testing::Test {
 protected:
  /// The path of NAME.o.
  std::string assemble(const std::string& name, const std::string& source) const {
    const std::string path = folder_.path() + "/" + name;
    std::ofstream(path + ".s") << source;
    run({FIBERPROOF_AS, "--64", "-o", path + ".o", path + ".s"});
    return path + ".o";
  }

  /// The path of the linked file.
  std::string link(const std::vector<std::string>& files, const std::vector<std::string>& options,
                   const std::string& linker = FIBERPROOF_LD) const {
    std::vector<std::string> arguments{linker, "-o", folder_.path() + "/linked"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), files.begin(), files.end());
    run(arguments);
    return folder_.path() + "/linked";
  }

  void strip(const std::string& path) const { run({FIBERPROOF_STRIP, "-s", path}); }

  static Outcome prove(const std::string& path, const std::vector<std::string>& symbols) {
    std::vector<std::string> arguments{FIBERPROOF_COMMAND, "prove", "--object", path};
    for (const std::string& symbol : symbols) {
      arguments.insert(arguments.end(), {"--symbol", symbol});
    }
    return outcome_of(arguments);
  }

 private:
  static void run(const std::vector<std::string>& arguments) {
    const Outcome outcome = outcome_of(arguments);
    ASSERT_EQ(outcome.exit_code, 0) << arguments.front() << ": " << outcome.text();
  }

  TemporaryFolder folder_;
};

/// The entry trampoline of SPEC.md, trampoline `trap`, in two halves, with variable code in between
/// and at the end.
inline std::string trampoline(const std::string& calls, const std::string& ends) {
  return ".text\n.globl engine_start\n.type engine_start, @function\nengine_start:\n"
         "popq %rcx\npopq %rdx\npopq %rsi\npopq %rdi\n" +
         calls + "\ntestb %al, %al\nsete %al\nmovzbl %al, %edi\nshlq $34, %rdi\n" + ends + "\n";
}

inline constexpr const char* leaves_to_the_parent =
    "movq 8(%rbp), %rsi\nmovq -8(%rbp), %rsp\nmovq (%rbp), %rbp\njmp *%rsi\n";
inline constexpr const char* end_of_start = ".size engine_start, . - engine_start\n";
inline constexpr const char* callee =
    ".globl engine_fiber_start\n.type engine_fiber_start, @function\nengine_fiber_start:\n"
    "movl $1, %eax\nret\n.size engine_fiber_start, . - engine_fiber_start\n";

inline std::string start_that(const std::string& calls) {
  return trampoline(calls, std::string(leaves_to_the_parent) + end_of_start);
}

inline constexpr std::size_t theorems_of_a_start = 21;
inline constexpr std::size_t theorems_of_a_switch = 14;

inline void expect_all_proved(const Outcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0) << outcome.text();
  EXPECT_EQ(outcome.count("proved   continuation_start/"), theorems_of_a_start) << outcome.text();
}

/// One line with the reason, and no verdict.
inline void expect_one_error(const Outcome& outcome, std::string_view why) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
  EXPECT_EQ(outcome.count("fiberproof: "), 1u) << outcome.text();
  EXPECT_TRUE(outcome.says(why)) << outcome.text();
  EXPECT_EQ(outcome.count("proved "), 0u) << outcome.text();
}

inline void expect_unknown(const Outcome& outcome, std::string_view why) {
  EXPECT_EQ(outcome.exit_code, 2) << outcome.text();
  EXPECT_EQ(outcome.count("refuted"), 0u) << outcome.text();
  EXPECT_TRUE(outcome.says(why)) << outcome.text();
}

}  // namespace fiberproof::verify
