// What stays of a finding: its inputs, each as a Program too where it stands for one, and the last
// inputs of a process whose death one input alone does not show. Each under a name that nobody has,
// so that nothing is overwritten and campaigns side by side do not disturb each other.
#pragma once

#include "verify/cli/fuzz_command.hpp"

#include <deque>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Copies `file` to `folder`/`name`, or `name`.2 and so on where that is something else; both are
/// made. Where it is there already with the same contents, that one is kept. The error is one line.
[[nodiscard]] std::expected<std::string, std::string> keep_file(const std::string& file,
                                                                const std::string& folder,
                                                                const std::string& name);

struct ShownAgain {
  bool is_finding = false;        ///< it ended as a finding does
  std::deque<std::string> lines;  ///< the last that it said
};

/// Starts the target anew with this input alone, and `variables` ("NAME=value") added.
ShownAgain run_again(const FuzzTarget& target, const std::string& input, const std::string& scratch,
                     const std::vector<std::string>& variables = {});

struct FoundInputs {
  std::vector<std::string> artifacts;   ///< files of one input each
  std::vector<std::string> recordings;  ///< of the processes that died
  std::string scratch;                  ///< a folder for what need not stay
};

/// Keeps what was found in `folder`, and prints where it is and the line that replays it.
void keep_finding(const FuzzTarget& target, const FoundInputs& found, const std::string& folder);

}  // namespace fiberproof::verify
