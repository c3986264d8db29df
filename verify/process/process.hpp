// Other programs: started, read line by line, and ended with us. Each has a process group of its
// own, which an interruption ends (verify/process/interruption.hpp): SIGINT first, and SIGKILL
// where that does not help.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProcessEnd {
  bool started = false;
  std::string why_not_started;  ///< what the system said, such as "No such file or directory"
  int exit_code = -1;           ///< 128 + n where signal n ended it
  bool interrupted = false;     ///< it was ended, or not started, since the command is to end
  bool stopped = false;         ///< it was ended because `should_stop` said so
};

/// Where the kernel puts a program's code, stack and mappings. Always at the same addresses where
/// it lets a process ask for that (personality(2)); else as it does for any.
enum class Addresses : std::uint8_t { any, same };

struct ProcessCommand {
  std::vector<std::string> arguments;    ///< the first is the program's path
  std::vector<std::string> environment;  ///< "NAME=value", added to ours
  Addresses addresses = Addresses::any;
};

/// Runs all of `commands` at once, to the end of each, and gives each line of their standard output
/// and standard error to `on_line`, with the index of its command. Ends those that still run as
/// soon as `should_stop` says so, which is asked some times a second, and told whether one has
/// ended other than in order.
std::vector<ProcessEnd> run_processes(
    const std::vector<ProcessCommand>& commands,
    const std::function<void(std::size_t command, const std::string& line)>& on_line,
    const std::function<bool(bool has_one_failed)>& should_stop);

/// Runs one.
ProcessEnd run_process(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& on_line,
                       Addresses addresses = Addresses::any);

/// Kills all that run, for a command that ends at once.
void kill_processes();

}  // namespace fiberproof::verify
