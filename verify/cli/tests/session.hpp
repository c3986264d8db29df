// Runs the command as users do: on a terminal of some width or in a pipe, in a folder of its own,
// with the system's limits, and with signals.
#pragma once

#include "verify/process/child_process.hpp"
#include "verify/process/descriptor.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct SessionOptions {
  std::vector<std::string> arguments;         ///< the first is the program's path
  std::string folder = {};                    ///< to start it in; empty for the current one
  std::vector<std::string> environment = {};  ///< "NAME=value", added to ours
  unsigned short columns = 0;                 ///< of a terminal; 0 for a pipe
  std::function<void()> prepare = {};         ///< runs in the child before exec
};

class Session {
 public:
  explicit Session(const SessionOptions& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Reads until the output contains `text`, or the program has ended. Returns true if it does.
  bool wait_for(const std::string& text);
  /// To the process alone.
  void signal(int number) const;
  /// Presses the key on a terminal: the signal goes to all of its foreground processes.
  void press_ctrl_c() const;
  /// Reads to the end. Returns the exit status, or 128 + n if signal n ended it, or -1 if it did
  /// not end within some minutes.
  int wait();

  const std::string& output() const { return output_; }
  pid_t process() const { return child_ ? child_->id() : 0; }

 private:
  bool read_some(int milliseconds);

  Descriptor terminal_;  ///< or the pipe
  std::optional<ChildProcess> child_;
  std::string output_;
};

/// The exit status and the output.
struct SessionEnd {
  int status = -1;
  std::string output;
};
SessionEnd run_session(const SessionOptions& options);

/// The texts of the status line in what a terminal was given, one after the other.
std::vector<std::string> status_lines(const std::string& text);

/// In a child: makes system call `number` fail with EPERM from now on. Returns false if the kernel
/// refuses.
bool refuse_system_call(long number);

/// Processes whose command line contains `text`.
std::vector<pid_t> processes_with(const std::string& text);

}  // namespace fiberproof::verify
