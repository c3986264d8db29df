// A process that is traced from outside (ptrace): registers, memory, single steps.
#pragma once

#include "verify/process/child_process.hpp"

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace fiberproof::verify {

/// One process, stopped. It belongs to somebody else: a TracedCopy or a TracedProgram.
class TracedProcess {
 public:
  explicit TracedProcess(pid_t id) : id_(id) {}

  pid_t id() const { return id_; }

  user_regs_struct registers() const;
  void set_registers(const user_regs_struct& registers);
  void set_rip(std::uint64_t rip);
  user_fpregs_struct floating_point() const;
  void set_floating_point(const user_fpregs_struct& registers);

  /// False where not all of the bytes are there.
  [[nodiscard]] bool read(std::uint64_t address, std::span<std::byte> into) const;
  /// False where it may not write all of these bytes itself.
  [[nodiscard]] bool write(std::uint64_t address, std::span<const std::byte> bytes);
  /// Writes also where the process itself may not, as to its code.
  [[nodiscard]] bool write_byte(std::uint64_t address, std::byte value);

  /// Executes one instruction. The error is what stopped it instead: a signal's name, or "its end".
  [[nodiscard]] std::expected<void, std::string> step();

  /// Lets it run, with a signal or 0.
  void resume(int signal);

 private:
  pid_t id_;
};

/// A copy of this process, stopped, for code that is no program: it waits to be traced and runs
/// nothing but what its registers are set to.
class TracedCopy {
 public:
  /// `prepare` is called in the copy first, and says whether it may go on.
  [[nodiscard]] static std::expected<TracedCopy, std::string> start(
      const std::function<bool()>& prepare);

  TracedProcess process() const { return TracedProcess(child_.id()); }

 private:
  explicit TracedCopy(ChildProcess child) : child_(std::move(child)) {}

  ChildProcess child_;
};

/// Waits for the first stop of a child that asked to be traced, which then ends with its tracer.
/// `more` are further PTRACE_O_ options. False where it ended instead.
[[nodiscard]] bool begin_tracing(const ChildProcess& child, unsigned long more = 0);

}  // namespace fiberproof::verify
