// Shows a waiting user how far a long run is: the current item out of how many, its phase, and the
// remaining time. One line, overwritten on a terminal; elsewhere a line for each phase.
#pragma once

#include "verify/cli/terminal.hpp"
#include "verify/mutation/change_run.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>

namespace fiberproof::verify {

class Progress {
 public:
  explicit Progress(std::size_t total) : total_(total) {}

  /// `[3/75] NAME: building program_fuzzer; about 12 min left`.
  void phase(const std::string& name, const Phase& phase);

  /// Counts one item, which took this long; 0 if its result was known before.
  void done(double seconds);

  std::size_t count() const { return done_; }
  std::size_t total() const { return total_; }

 private:
  std::mutex mutex_;
  StatusLine line_;
  std::size_t total_;
  std::size_t done_ = 0;
  std::size_t measured_ = 0;
  double seconds_ = 0;  // of those measured
};

/// `12 min`, `2 h 5 min`; empty if nothing was measured yet.
std::string time_left(std::size_t left, std::size_t measured, double seconds);

}  // namespace fiberproof::verify
