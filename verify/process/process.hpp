// Runs other programs to their ends and reads what they print, line by line. Each has a process
// group of its own, which an interruption ends (verify/process/interruption.hpp): with SIGINT
// first, and with SIGKILL where that does not help.
#pragma once

#include "verify/process/child_process.hpp"

#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProcessEnd {
  bool started = false;
  std::string why_not_started;  ///< what the system said, such as "No such file or directory"
  int exit_code = -1;           ///< 128 + n where signal n ended it
  bool interrupted = false;     ///< the command was interrupted: it was ended, or not started
  bool stopped = false;         ///< `should_stop` ended it
};

struct ProcessCommand {
  std::vector<std::string> arguments;    ///< the first is a path, or a name that PATH finds
  std::vector<std::string> environment;  ///< "NAME=value", added to ours
  Addresses addresses = Addresses::any;
};

/// Runs all of `commands` at once, to the end of each, and gives each line of their standard output
/// and standard error to `on_line`, with the index of its command. Asks `should_stop` some times a
/// second, with whether one has failed, and ends those that still run once it says so.
std::vector<ProcessEnd> run_processes(
    const std::vector<ProcessCommand>& commands,
    const std::function<void(std::size_t command, const std::string& line)>& on_line,
    const std::function<bool(bool has_one_failed)>& should_stop);

/// Runs one.
ProcessEnd run_process(const std::vector<std::string>& arguments,
                       const std::vector<std::string>& environment,
                       const std::function<void(const std::string&)>& on_line,
                       Addresses addresses = Addresses::any);

}  // namespace fiberproof::verify
