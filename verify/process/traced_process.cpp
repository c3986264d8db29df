#include "verify/process/traced_process.hpp"

#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace fiberproof::verify {

user_regs_struct TracedProcess::registers() const {
  user_regs_struct registers{};
  ::ptrace(PTRACE_GETREGS, id_, nullptr, &registers);
  return registers;
}

void TracedProcess::set_registers(const user_regs_struct& registers) {
  ::ptrace(PTRACE_SETREGS, id_, nullptr, &registers);
}

void TracedProcess::set_rip(std::uint64_t rip) {
  ::ptrace(PTRACE_POKEUSER, id_, offsetof(user_regs_struct, rip), rip);
}

user_fpregs_struct TracedProcess::floating_point() const {
  user_fpregs_struct registers{};
  ::ptrace(PTRACE_GETFPREGS, id_, nullptr, &registers);
  return registers;
}

void TracedProcess::set_floating_point(const user_fpregs_struct& registers) {
  ::ptrace(PTRACE_SETFPREGS, id_, nullptr, &registers);
}

bool TracedProcess::read(std::uint64_t address, std::span<std::byte> into) const {
  const ::iovec local{into.data(), into.size()};
  const ::iovec remote{reinterpret_cast<void*>(address), into.size()};
  return ::process_vm_readv(id_, &local, 1, &remote, 1, 0) == static_cast<::ssize_t>(into.size());
}

bool TracedProcess::write(std::uint64_t address, std::span<const std::byte> bytes) {
  const ::iovec local{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const ::iovec remote{reinterpret_cast<void*>(address), bytes.size()};
  return ::process_vm_writev(id_, &local, 1, &remote, 1, 0) == static_cast<::ssize_t>(bytes.size());
}

bool TracedProcess::write_byte(std::uint64_t address, std::byte value) {
  errno = 0;
  const long word = ::ptrace(PTRACE_PEEKDATA, id_, address, nullptr);
  if (errno != 0) return false;
  const auto changed =
      (static_cast<unsigned long>(word) & ~0xfful) | std::to_integer<unsigned long>(value);
  return ::ptrace(PTRACE_POKEDATA, id_, address, changed) == 0;
}

std::expected<void, std::string> TracedProcess::step() {
  int status = 0;
  if (::ptrace(PTRACE_SINGLESTEP, id_, nullptr, nullptr) != 0 ||
      ::waitpid(id_, &status, __WALL) != id_) {
    return std::unexpected(std::string(std::strerror(errno)));
  }
  if (!WIFSTOPPED(status)) return std::unexpected("its end");
  if (WSTOPSIG(status) == SIGTRAP) return {};
  return std::unexpected(std::string(::strsignal(WSTOPSIG(status))));
}

void TracedProcess::resume(int signal) {
  ::ptrace(PTRACE_CONT, id_, nullptr, signal);
}

bool begin_tracing(const ChildProcess& child, unsigned long more) {
  int status = 0;
  return ::waitpid(child.id(), &status, 0) == child.id() && WIFSTOPPED(status) &&
         ::ptrace(PTRACE_SETOPTIONS, child.id(), nullptr, PTRACE_O_EXITKILL | more) == 0;
}

std::expected<TracedCopy, std::string> TracedCopy::start(const std::function<bool()>& prepare) {
  auto child = ChildProcess::copy([&prepare] {
    if (prepare() && ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0) ::raise(SIGSTOP);
    ::_exit(1);
  });
  if (!child) return std::unexpected(child.error());
  if (!begin_tracing(*child)) return std::unexpected("cannot be traced");
  return TracedCopy(std::move(*child));
}

}  // namespace fiberproof::verify
