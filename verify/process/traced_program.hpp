// A program that is run with breakpoints, and so are its threads and the processes that it forks.
#pragma once

#include "verify/process/traced_process.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace fiberproof::verify {

class TracedProgram {
 public:
  /// Called at a breakpoint, with RIP at its address and the program's own byte there. It must
  /// execute at least that instruction; an error ends the program. Not called where the program
  /// single-steps itself (TF), since it could not see each of its steps then.
  using OnBreakpoint = std::function<std::expected<void, std::string>(TracedProcess& process,
                                                                      std::uint64_t address)>;

  /// Starts the program, stopped before its first instruction, at the same addresses each time
  /// where that is allowed. Its output is thrown away. It ends with this object, and so do those
  /// that it forks.
  [[nodiscard]] static std::expected<TracedProgram, std::string> start(
      const std::vector<std::string>& arguments);

  TracedProgram(TracedProgram&& other) noexcept = default;
  TracedProgram& operator=(TracedProgram&&) = delete;
  ~TracedProgram();

  /// The address at which the beginning of the file `path` is mapped; an error if it is not.
  [[nodiscard]] std::expected<std::uint64_t, std::string> load_bias(const std::string& path) const;

  /// Runs it to its end, with breakpoints that stay. The result is its exit status; an error where
  /// it cannot be traced, was killed, or `on_breakpoint` has one.
  [[nodiscard]] std::expected<int, std::string> run(const std::vector<std::uint64_t>& breakpoints,
                                                    const OnBreakpoint& on_breakpoint);

 private:
  explicit TracedProgram(ChildProcess child) : child_(std::move(child)) {}

  [[nodiscard]] std::expected<void, std::string> stopped(pid_t id, int signal, int event);

  ChildProcess child_;
  std::set<pid_t> forked_;                       // by it, and still alive
  std::map<std::uint64_t, std::byte> replaced_;  // by the breakpoints
  const OnBreakpoint* on_breakpoint_ = nullptr;
};

}  // namespace fiberproof::verify
