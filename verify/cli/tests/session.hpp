// The command as its users run it: on a terminal of some width or in a pipe, in a folder of its
// own, with the limits of the machine, and with signals.
#pragma once

#include <sys/types.h>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct SessionOptions {
  std::vector<std::string> arguments;    ///< the first is the program's path
  std::string folder;                    ///< that it is started in; empty for ours
  std::vector<std::string> environment;  ///< "NAME=value", added to ours
  unsigned short columns = 0;            ///< of a terminal; 0 for a pipe
  std::function<void()> prepare;         ///< in the child, before it becomes the program
};

class Session {
 public:
  explicit Session(const SessionOptions& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Kills what still runs.
  ~Session();

  /// Reads until the output has `text`, or the program has ended. True where it has.
  bool wait_for(const std::string& text);
  /// To the process alone.
  void signal(int number) const;
  /// The key, on a terminal: to all of its foreground processes.
  void press_ctrl_c() const;
  /// Reads to the end. The exit status, or 128 + n where signal n ended it; -1 where it did not end
  /// within some minutes.
  int wait();

  const std::string& output() const { return output_; }
  pid_t process() const { return process_; }

 private:
  bool read_some(int milliseconds);

  pid_t process_ = 0;
  int terminal_ = -1;  ///< or the pipe
  std::string output_;
};

/// The exit status, and what it wrote.
struct SessionEnd {
  int status = -1;
  std::string output;
};
SessionEnd run_session(const SessionOptions& options);

/// In a child: system call `number` fails with EPERM from now on. False where the kernel refuses.
bool refuse_system_call(long number);

/// Processes whose command line has `text` in it.
std::vector<pid_t> processes_with(const std::string& text);

}  // namespace fiberproof::verify
