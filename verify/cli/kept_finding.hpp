// Keeps a finding: its inputs, each also as a Program if it stands for one, and the last inputs of
// a process whose death no single input reproduces. Each file gets an unused name, so that nothing
// is overwritten and parallel campaigns do not disturb each other.
#pragma once

#include "verify/cli/fuzz_command.hpp"

#include <deque>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Copies `file` to `folder`/`name`, or `name`.2 and so on if the name is taken; creates both. If a
/// file with the same contents is there already, that one is kept. The error is one line.
[[nodiscard]] std::expected<std::string, std::string> keep_file(const std::string& file,
                                                                const std::string& folder,
                                                                const std::string& name);

struct ShownAgain {
  bool is_finding = false;        ///< it ended as a finding does
  std::deque<std::string> lines;  ///< its last lines
};

/// Starts the target again with this input alone, with `variables` ("NAME=value") added to its
/// environment.
ShownAgain run_again(const FuzzTarget& target, const std::string& input, const std::string& scratch,
                     const std::vector<std::string>& variables = {});

struct FoundInputs {
  std::vector<std::string> artifacts;   ///< files of one input each
  std::vector<std::string> recordings;  ///< of the processes that died
  std::string scratch;                  ///< a folder for temporary files
};

/// Keeps the finding in `folder`, and prints where it is and the line that replays it.
void keep_finding(const FuzzTarget& target, const FoundInputs& found, const std::string& folder);

}  // namespace fiberproof::verify
