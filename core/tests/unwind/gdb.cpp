#include "core/tests/unwind/gdb.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <array>
#include <cstring>
#include <sstream>

namespace fiberproof::unwind {
namespace {

// The user's set-up is left out, and so is whatever may ask, page, download, or be refused in a
// container (personality, to switch address space randomization off).
std::vector<std::string> arguments(const std::vector<std::string>& commands,
                                   const std::vector<std::string>& program) {
  std::vector<std::string> all{"gdb", "-batch", "-nx"};
  for (const char* const setting :
       {"confirm off", "pagination off", "width 0", "debuginfod enabled off", "auto-load no",
        "startup-with-shell off", "disable-randomization off"}) {
    all.insert(all.end(), {"-iex", std::string("set ") + setting});
  }
  for (const std::string& command : commands) {
    all.insert(all.end(), {"-ex", command});
  }
  all.push_back("--args");
  all.insert(all.end(), program.begin(), program.end());
  return all;
}

// 0, or why it could not be started. Its output goes to `output`.
int start(std::vector<std::string> argument_list, int output, pid_t& process) {
  std::vector<char*> pointers;
  for (std::string& argument : argument_list) {
    pointers.push_back(argument.data());
  }
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  const int error =
      posix_spawnp(&process, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

std::string read_to_the_end(int input) {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t bytes = 0; (bytes = read(input, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(bytes));
  }
  return text;
}

}  // namespace

std::vector<std::string> gdb_output(const std::vector<std::string>& commands,
                                    const std::vector<std::string>& program) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  pid_t process = 0;
  const int error = start(arguments(commands, program), ends[1], process);
  close(ends[1]);
  EXPECT_EQ(error, 0) << "gdb: " << std::strerror(error);
  std::istringstream text(read_to_the_end(ends[0]));
  close(ends[0]);
  int status = 0;
  if (error == 0) waitpid(process, &status, 0);
  EXPECT_EQ(status, 0) << text.view();

  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace fiberproof::unwind
