#include "fuzz/machine_code_coverage/breakpoints.hpp"

#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace fiberproof::fuzz {
namespace {

constexpr std::uint8_t int3 = 0xcc;

/// The child, and those that it makes: they begin with its breakpoints.
class Traced {
 public:
  Traced(pid_t child, const std::set<std::uint64_t>& addresses)
      : child_(child), addresses_(addresses) {}

  std::expected<std::set<std::uint64_t>, std::string> run() {
    int status = 0;
    if (::waitpid(child_, &status, 0) != child_ || !WIFSTOPPED(status)) {
      return std::unexpected("no child that can be traced");
    }
    // Their processes end with this one, whatever happens to it.
    if (::ptrace(PTRACE_SETOPTIONS, child_, nullptr, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL) != 0) {
      return std::unexpected(fmt::format("ptrace: {}", std::strerror(errno)));
    }
    for (const std::uint64_t address : addresses_) {
      if (!put_byte(child_, address, int3)) {
        return std::unexpected(
            fmt::format("no breakpoint at {:#x}: {}", address, std::strerror(errno)));
      }
    }
    started_.insert(child_);
    ::ptrace(PTRACE_CONT, child_, nullptr, nullptr);
    return follow();
  }

 private:
  /// Until the first child is gone, and so all that it has waited for.
  std::expected<std::set<std::uint64_t>, std::string> follow() {
    while (true) {
      int status = 0;
      const pid_t process = ::waitpid(-1, &status, __WALL);
      if (process < 0) {
        return std::unexpected(fmt::format("waitpid: {}", std::strerror(errno)));
      }
      if (WIFSTOPPED(status)) {
        ::ptrace(PTRACE_CONT, process, nullptr, signal_to_deliver(process, status));
      } else if (process == child_) {
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
          return std::unexpected("it did not do what it records");
        }
        return executed_;
      }
    }
  }

  /// What a stop means: a breakpoint, a new process, or a signal that is the process's own.
  int signal_to_deliver(pid_t process, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == SIGTRAP && (status >> 16) != 0) {
      return 0;  // it forks: the new process stops by itself
    }
    if (signal == SIGTRAP && is_breakpoint(process)) {
      return 0;
    }
    if (signal == SIGSTOP && started_.insert(process).second) {
      return 0;  // a new process
    }
    return signal;
  }

  bool is_breakpoint(pid_t process) {
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, process, nullptr, &registers) != 0) {
      return false;
    }
    const std::uint64_t address = registers.rip - 1;
    if (!addresses_.contains(address)) {
      return false;
    }
    executed_.insert(address);
    // This process has the program's own byte at the same place.
    put_byte(process, address, *reinterpret_cast<const std::uint8_t*>(address));
    registers.rip = address;
    ::ptrace(PTRACE_SETREGS, process, nullptr, &registers);
    return true;
  }

  static bool put_byte(pid_t process, std::uint64_t address, std::uint8_t byte) {
    errno = 0;
    const long word = ::ptrace(PTRACE_PEEKTEXT, process, address, nullptr);
    if (errno != 0) {
      return false;
    }
    const auto others = static_cast<std::uint64_t>(word) & ~std::uint64_t{0xff};
    return ::ptrace(PTRACE_POKETEXT, process, address, others | byte) == 0;
  }

  pid_t child_;
  const std::set<std::uint64_t>& addresses_;
  std::set<pid_t> started_;
  std::set<std::uint64_t> executed_;
};

}  // namespace

std::expected<std::set<std::uint64_t>, std::string> executed_of(
    const std::set<std::uint64_t>& addresses, const std::function<bool()>& work) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) {
    return std::unexpected(fmt::format("fork: {}", std::strerror(errno)));
  }
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
      ::_exit(1);
    }
    ::raise(SIGSTOP);
    const bool done = work();
    std::fflush(nullptr);
    ::_exit(done ? 0 : 1);
  }
  auto executed = Traced(child, addresses).run();
  if (!executed) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  return executed;
}

}  // namespace fiberproof::fuzz
