// What a command printed, and how it ended.
#pragma once

#include "verify/process/process.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct Outcome {
  int exit_code = -1;
  std::vector<std::string> lines;

  /// Whether a line has `text` in it.
  bool says(std::string_view text) const {
    return std::ranges::any_of(
        lines, [text](const std::string& line) { return line.find(text) != std::string::npos; });
  }
  /// Lines that begin so.
  std::size_t count(std::string_view prefix) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [prefix](const std::string& line) { return line.starts_with(prefix); }));
  }
  std::string text() const {
    std::string all;
    for (const std::string& line : lines) all += line + "\n";
    return all;
  }
};

/// Runs any program to its end.
inline Outcome outcome_of(const std::vector<std::string>& arguments) {
  Outcome outcome;
  outcome.exit_code = run_process(arguments, {}, [&outcome](const std::string& line) {
                        outcome.lines.push_back(line);
                      }).exit_code;
  return outcome;
}

}  // namespace fiberproof::verify
