// Reads libFuzzer's output line by line. Its status lines are
//
//   #4096	pulse  cov: 300 ft: 900 corp: 120/3kb lim: 40 exec/s: 2048 rss: 40Mb
//   #4096: cov: 300 ft: 900 corp: 120 exec/s: 512 oom/timeout/crash: 0/0/0 time: 2s job: 1
//
// Other lines may begin with '#', too, such as "###### Recommended dictionary. ######".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct EngineStatus {
  std::uint64_t executions = 0;
  std::string event;  ///< such as "INITED", "NEW", "pulse"; empty in fork mode
  std::optional<std::uint64_t> coverage;
  std::optional<std::uint64_t> corpus_inputs;
  std::optional<std::uint64_t> executions_per_second;
};

/// Nothing if `line` is not a status line.
std::optional<EngineStatus> parse_status(std::string_view line);

class EngineOutput {
 public:
  /// Returns true if it was a status line.
  bool read(const std::string& line);

  /// The latest known value of each field, over all status lines and the final statistics.
  const EngineStatus& status() const { return status_; }
  /// The inputs that it saved as crashes, leaks, timeouts or out of memory. A slow input is not a
  /// finding.
  const std::vector<std::string>& artifacts() const { return artifacts_; }
  /// The last lines, without progress and lines that every run prints.
  const std::deque<std::string>& tail() const { return tail_; }

 private:
  void read_statistic(std::string_view name, std::uint64_t value);

  EngineStatus status_;
  std::vector<std::string> artifacts_;
  std::deque<std::string> tail_;
  bool is_in_dictionary_ = false;
};

}  // namespace fiberproof::verify
