// The progress of a target's processes together, in one line: overwritten on a terminal, and cut to
// its width; elsewhere a line now and then.
#pragma once

#include "verify/cli/engine_output.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/terminal.hpp"

#include <chrono>
#include <span>
#include <string>

namespace fiberproof::verify {

/// Sums over `outputs`; for coverage and corpus, which the processes share, the largest value.
void add_up(std::span<const EngineOutput> outputs, TargetReport& report);

/// "layout: 4096 executions, 2048 per second, coverage 300, corpus 120, found 0".
std::string progress_line(const TargetReport& report);

class FuzzProgress {
 public:
  /// Called after a status line of one of the processes.
  void show(const TargetReport& report, const std::string& event);
  /// Prints the last line, in full.
  void finish(const TargetReport& report);

 private:
  using Clock = std::chrono::steady_clock;

  const bool is_terminal_ = is_rewritable_terminal();
  StatusLine line_;
  Clock::time_point shown_{};
};

}  // namespace fiberproof::verify
