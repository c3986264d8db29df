#include "verify/silicon/traced_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::byte int3{0xcc};

std::unexpected<std::string> refused(const char* what) {
  return std::unexpected(fmt::format("{}: {}", what, std::strerror(errno)));
}

// RFLAGS (SDM vol. 1, 3.4.3).
Flags<bool> status_flags(std::uint64_t rflags) {
  const auto bit = [rflags](unsigned position) { return ((rflags >> position) & 1) != 0; };
  return {bit(0), bit(2), bit(4), bit(6), bit(7), bit(11)};
}

[[noreturn]] void become(const std::vector<std::string>& arguments) {
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  ::personality(ADDR_NO_RANDOMIZE);  // the same addresses each time, where that is allowed
  if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) {
    ::execv(pointers[0], pointers.data());
  }
  ::_exit(127);
}

}  // namespace

Snapshot TracedProcess::snapshot() const {
  user_regs_struct user{};
  ::ptrace(PTRACE_GETREGS, id_, nullptr, &user);
  user_fpregs_struct floating{};
  ::ptrace(PTRACE_GETFPREGS, id_, nullptr, &floating);
  constexpr unsigned direction_flag = 10;
  return {{user.rax, user.rcx, user.rdx, user.rbx, user.rsp, user.rbp, user.rsi, user.rdi, user.r8,
           user.r9, user.r10, user.r11, user.r12, user.r13, user.r14, user.r15},
          status_flags(user.eflags),
          {floating.mxcsr, floating.cwd, ((user.eflags >> direction_flag) & 1) != 0},
          user.rip};
}

void TracedProcess::set_rip(std::uint64_t rip) {
  ::ptrace(PTRACE_POKEUSER, id_, offsetof(user_regs_struct, rip), rip);
}

bool TracedProcess::read(std::uint64_t address, std::span<std::byte> into) const {
  const ::iovec local{into.data(), into.size()};
  const ::iovec remote{reinterpret_cast<void*>(address), into.size()};
  return ::process_vm_readv(id_, &local, 1, &remote, 1, 0) == static_cast<::ssize_t>(into.size());
}

bool TracedProcess::write_byte(std::uint64_t address, std::byte value) {
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKDATA, id_, address, nullptr);
  if (errno != 0) {
    return false;
  }
  const auto changed =
      (static_cast<unsigned long>(word) & ~0xfful) | std::to_integer<unsigned long>(value);
  return ::ptrace(PTRACE_POKEDATA, id_, address, changed) == 0;
}

std::expected<void, std::string> TracedProcess::step() {
  if (::ptrace(PTRACE_SINGLESTEP, id_, nullptr, nullptr) != 0) {
    return refused("no single step");
  }
  int status = 0;
  if (::waitpid(id_, &status, __WALL) != id_) {
    return refused("no process to wait for");
  }
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
    return std::unexpected(
        fmt::format("stopped by {} instead of its step",
                    WIFSTOPPED(status) ? ::strsignal(WSTOPSIG(status)) : "its end"));
  }
  return {};
}

std::expected<TracedProgram, std::string> TracedProgram::start(
    const std::vector<std::string>& arguments) {
  const pid_t id = ::fork();
  if (id < 0) {
    return refused("no child");
  }
  if (id == 0) {
    become(arguments);
  }
  TracedProgram program(id);
  int status = 0;
  if (::waitpid(id, &status, 0) != id || !WIFSTOPPED(status)) {
    program.alive_.clear();
    return std::unexpected(fmt::format("{}: cannot be run and traced", arguments[0]));
  }
  if (::ptrace(PTRACE_SETOPTIONS, id, nullptr, PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL) != 0) {
    return refused("ptrace");
  }
  return program;
}

TracedProgram::~TracedProgram() {
  for (const pid_t process : alive_) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, __WALL);
  }
}

std::expected<std::uint64_t, std::string> TracedProgram::load_bias(const std::string& path) const {
  std::ifstream maps(fmt::format("/proc/{}/maps", id_));
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range, access, offset;
    words >> range >> access >> offset;
    if (line.ends_with(path) && std::stoull(offset, nullptr, 16) == 0) {
      return std::stoull(range, nullptr, 16);
    }
  }
  return std::unexpected(fmt::format("{}: is not where it was loaded", path));
}

std::expected<int, std::string> TracedProgram::run(const std::vector<std::uint64_t>& breakpoints,
                                                   const OnBreakpoint& on_breakpoint) {
  on_breakpoint_ = &on_breakpoint;
  TracedProcess first(id_);
  for (const std::uint64_t address : breakpoints) {
    std::byte original{};
    if (!first.read(address, {&original, 1}) || !first.write_byte(address, int3)) {
      return std::unexpected(fmt::format("no breakpoint at {:#x}", address));
    }
    replaced_.emplace(address, original);
  }
  ::ptrace(PTRACE_CONT, id_, nullptr, nullptr);
  while (true) {
    int status = 0;
    const pid_t process = ::waitpid(-1, &status, __WALL);
    if (process < 0) {
      return refused("waitpid");
    }
    if (WIFSTOPPED(status)) {
      alive_.insert(process);
      if (const auto done = stopped(process, WSTOPSIG(status), status >> 16); !done) {
        return std::unexpected(done.error());
      }
      continue;
    }
    alive_.erase(process);
    if (process == id_) {
      return WIFEXITED(status)
                 ? std::expected<int, std::string>(WEXITSTATUS(status))
                 : std::unexpected(fmt::format("killed: {}", ::strsignal(WTERMSIG(status))));
    }
  }
}

std::expected<void, std::string> TracedProgram::stopped(pid_t id, int signal, int event) {
  int delivered = signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
  TracedProcess process(id);
  const std::uint64_t address = process.snapshot().rip - 1;
  const auto breakpoint = replaced_.find(address);
  if (signal == SIGTRAP && event == 0 && breakpoint != replaced_.end()) {
    process.set_rip(address);
    process.write_byte(address, breakpoint->second);
    if (const auto done = (*on_breakpoint_)(process, address); !done) {
      return done;
    }
    if (process.snapshot().rip == address) {
      return std::unexpected(fmt::format("nothing was executed at {:#x}", address));
    }
    process.write_byte(address, int3);
    delivered = 0;
  }
  ::ptrace(PTRACE_CONT, id, nullptr, delivered);
  return {};
}

}  // namespace fiberproof::verify
