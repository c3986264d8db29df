#include "verify/process/traced_program.hpp"

#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>

namespace fiberproof::verify {
namespace {

constexpr std::byte int3{0xcc};
constexpr std::uint64_t trap_flag = 1 << 8;  // of RFLAGS (SDM vol. 1, 3.4.3)

}  // namespace

std::expected<TracedProgram, std::string> TracedProgram::start(
    const std::vector<std::string>& arguments) {
  auto child =
      ChildProcess::start({.arguments = arguments, .addresses = Addresses::same, .prepare = [] {
                             ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
                           }});
  if (!child) return std::unexpected(fmt::format("{}: {}", arguments[0], child.error()));
  if (!begin_tracing(*child, PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE)) {
    return std::unexpected(fmt::format("{}: cannot be run and traced", arguments[0]));
  }
  return TracedProgram(std::move(*child));
}

TracedProgram::~TracedProgram() {
  for (const pid_t process : forked_) {
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, __WALL);
  }
}

std::expected<std::uint64_t, std::string> TracedProgram::load_bias(const std::string& path) const {
  std::ifstream maps(fmt::format("/proc/{}/maps", child_.id()));
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
  TracedProcess first(child_.id());
  for (const std::uint64_t address : breakpoints) {
    std::byte original{};
    if (!first.read(address, {&original, 1}) || !first.write_byte(address, int3)) {
      return std::unexpected(fmt::format("no breakpoint at {:#x}", address));
    }
    replaced_.emplace(address, original);
  }
  first.resume(0);
  while (true) {
    int status = 0;
    const pid_t process = ::waitpid(-1, &status, __WALL);
    if (process < 0) {
      return std::unexpected(fmt::format("waitpid: {}", std::strerror(errno)));
    }
    if (WIFSTOPPED(status)) {
      if (process != first.id()) forked_.insert(process);
      if (const auto done = stopped(process, WSTOPSIG(status), status >> 16); !done) {
        return std::unexpected(done.error());
      }
      continue;
    }
    forked_.erase(process);
    if (process != first.id()) continue;
    child_.forget();
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    return std::unexpected(fmt::format("killed: {}", ::strsignal(WTERMSIG(status))));
  }
}

// A new process or thread stops by SIGSTOP, and its parent by an event; what else stops them is
// their own.
std::expected<void, std::string> TracedProgram::stopped(pid_t id, int signal, int event) {
  TracedProcess process(id);
  const std::uint64_t address = process.registers().rip - 1;
  if (signal != SIGTRAP || event != 0 || !replaced_.contains(address)) {
    process.resume(signal == SIGSTOP || event != 0 ? 0 : signal);
    return {};
  }
  process.set_rip(address);
  const bool is_restored = process.write_byte(address, replaced_.at(address));
  const bool steps_itself = (process.registers().eflags & trap_flag) != 0;
  const auto done = steps_itself ? process.step() : (*on_breakpoint_)(process, address);
  if (!done) return done;
  if (process.registers().rip == address || !is_restored || !process.write_byte(address, int3)) {
    return std::unexpected(fmt::format("nothing was executed at {:#x}", address));
  }
  process.resume(steps_itself ? SIGTRAP : 0);
  return {};
}

}  // namespace fiberproof::verify
