// One child process, from its start until it is reaped: every process that the verifier starts
// begins here. Most become another program; a copy of this process runs code that has no program
// of its own, such as the bytes of a mutant. (fuzz/replay/child_process.hpp forks too: fuzz/ knows
// nothing of verify/, and what it runs there is a Program of this very process.)
//
// Children die with the thread that started them (PR_SET_PDEATHSIG), and signals that the command
// blocks are unblocked in them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fiberproof::verify {

/// The addresses of a program's code, stack and mappings. `same`: at the same addresses each
/// time, where the kernel lets a process ask for that (personality(2)).
enum class Addresses : std::uint8_t { any, same };

struct ChildOptions {
  std::vector<std::string> arguments;         ///< the first is a path, or a name that PATH finds
  std::vector<std::string> environment = {};  ///< "NAME=value", added to ours; the last one wins
  int input = -1;                             ///< a descriptor; -1 for /dev/null
  int output = -1;                            ///< likewise
  int errors = -1;                            ///< likewise
  Addresses addresses = Addresses::any;
  bool leads_group = false;  ///< signals then reach all processes that it starts
  std::optional<std::uint64_t> file_bytes_max = {};  ///< it is killed where it writes a longer file
  std::function<void()> prepare = {};  ///< called in the child, last before it becomes the program
};

class ChildProcess {
 public:
  /// Starts a program. The error is what the system said, such as "No such file or directory".
  [[nodiscard]] static std::expected<ChildProcess, std::string> start(const ChildOptions& options);

  /// Starts a copy of this process that calls `body` and then ends with status 0. The error is what
  /// the system said.
  [[nodiscard]] static std::expected<ChildProcess, std::string> copy(
      const std::function<void()>& body);

  ChildProcess(ChildProcess&& other) noexcept
      : id_(std::exchange(other.id_, 0)), leads_group_(other.leads_group_) {}
  ChildProcess& operator=(ChildProcess&&) = delete;
  /// Kills the child where it still runs.
  ~ChildProcess();

  /// 0 where it was reaped.
  pid_t id() const { return id_; }

  /// Sends a signal to the child, and to its group if it leads one.
  void signal(int number) const;

  /// Waits until the child ends; the status is as of waitpid().
  int wait();

  /// Waits until the child ends; nothing where `deadline` passes or `should_stop` says so first,
  /// and the child runs on. `should_stop` is asked some times a second.
  [[nodiscard]] std::optional<int> wait_until(
      std::chrono::steady_clock::time_point deadline,
      const std::function<bool()>& should_stop = [] { return false; });

  /// For who has reaped the child by another call of waitpid().
  void forget();

  /// Kills every child that leads a group, for a command that ends at once.
  static void kill_groups();

 private:
  ChildProcess(pid_t id, bool leads_group) : id_(id), leads_group_(leads_group) {}

  pid_t id_;
  bool leads_group_;
};

/// The exit code by a status of waitpid(): 128 + n where signal n ended the process.
int exit_code_of(int status);

}  // namespace fiberproof::verify
