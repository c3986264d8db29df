#include "verify/cli/fuzz_progress.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>

namespace fiberproof::verify {

void add_up(std::span<const EngineOutput> outputs, TargetReport& report) {
  report.executions = 0;
  report.executions_per_second = 0;
  for (const EngineOutput& output : outputs) {
    const EngineStatus& status = output.status();
    report.executions += status.executions;
    report.executions_per_second += status.executions_per_second.value_or(0);
    report.corpus_inputs = std::max(report.corpus_inputs, status.corpus_inputs.value_or(0));
    if (status.coverage) {
      report.coverage = std::max(report.coverage.value_or(0), *status.coverage);
    }
  }
}

std::string progress_line(const TargetReport& report) {
  const auto number_or_unknown = [](std::uint64_t number, bool is_known) {
    return is_known ? std::to_string(number) : std::string("?");
  };
  return fmt::format(
      "{}: {} executions, {} per second, coverage {}, corpus {}, found {}", report.target,
      report.executions,
      number_or_unknown(report.executions_per_second, report.executions_per_second > 0),
      number_or_unknown(report.coverage.value_or(0), report.coverage.has_value()),
      report.corpus_inputs, report.findings);
}

void FuzzProgress::show(const TargetReport& report, const std::string& event) {
  constexpr std::chrono::milliseconds between_refreshes(100);
  constexpr std::chrono::seconds between_lines(1);
  const auto now = Clock::now();
  const bool is_milestone = event == "INITED" || event == "pulse" || event.empty();
  if (!is_terminal_ && !is_milestone) return;
  const Clock::duration pause =
      is_terminal_ ? Clock::duration(between_refreshes) : Clock::duration(between_lines);
  if (shown_ != Clock::time_point{} && now < shown_ + pause) return;
  shown_ = now;
  const std::string line = progress_line(report);
  if (is_terminal_) {
    line_.show(line);
  } else {
    fmt::print("{}\n", line);
    std::fflush(stdout);
  }
}

void FuzzProgress::finish(const TargetReport& report) {
  line_.clear();
  fmt::print("{}\n", progress_line(report));
  std::fflush(stdout);
}

}  // namespace fiberproof::verify
