// A program that is traced from outside (ptrace), with those that it forks: breakpoints, registers,
// memory, single steps.
#pragma once

#include "verify/x86/cpu.hpp"

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// What the CPU holds between two instructions.
struct Snapshot {
  std::array<std::uint64_t, register_count> registers{};
  Flags<bool> flags{};
  Modes<std::uint64_t, bool> modes{};
  std::uint64_t rip = 0;
};

/// One process, stopped.
class TracedProcess {
 public:
  explicit TracedProcess(pid_t id) : id_(id) {}

  pid_t id() const { return id_; }
  Snapshot snapshot() const;
  void set_rip(std::uint64_t rip);

  /// False where not all of the bytes are there.
  bool read(std::uint64_t address, std::span<std::byte> into) const;
  bool write_byte(std::uint64_t address, std::byte value);

  /// Executes one instruction; an error says what stopped it instead.
  std::expected<void, std::string> step();

 private:
  pid_t id_;
};

class TracedProgram {
 public:
  /// What is done where a breakpoint is met, RIP at its address; an error ends the program.
  using OnBreakpoint = std::function<std::expected<void, std::string>(TracedProcess& process,
                                                                      std::uint64_t address)>;

  /// Starts the program, stopped before its first instruction, its output thrown away. It ends with
  /// this object, and so do those that it forks.
  static std::expected<TracedProgram, std::string> start(const std::vector<std::string>& arguments);

  TracedProgram(TracedProgram&& other) noexcept = default;
  TracedProgram& operator=(TracedProgram&&) = delete;
  ~TracedProgram();

  /// Where the file's address 0 lies in memory, if the loader chose a place for it.
  std::expected<std::uint64_t, std::string> load_bias(const std::string& path) const;

  /// Runs it to its end, with breakpoints that stay. The result is its exit status; an error where
  /// it cannot be traced, was killed, or `on_breakpoint` has one.
  std::expected<int, std::string> run(const std::vector<std::uint64_t>& breakpoints,
                                      const OnBreakpoint& on_breakpoint);

 private:
  explicit TracedProgram(pid_t id) : id_(id), alive_{id} {}

  std::expected<void, std::string> stopped(pid_t id, int signal, int event);

  pid_t id_;
  std::set<pid_t> alive_;                        // it and those that it forked
  std::map<std::uint64_t, std::byte> replaced_;  // by the breakpoints
  const OnBreakpoint* on_breakpoint_ = nullptr;
};

}  // namespace fiberproof::verify
