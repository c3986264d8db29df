// What NAME_replay does with a sequence: runs it, tells whether it crashed, and keeps the fewest
// inputs that still do.
#pragma once

#include "fuzz/replay/sequence.hpp"

#include <string>
#include <vector>

namespace fiberproof::fuzz {

struct SequenceReplay {
  int status = 0;                  ///< 0 nothing found, 1 crashed, 2 could not be read or run
  std::vector<std::string> lines;  ///< what happened, naming the files
  std::string report;              ///< what the shortest sequence printed as it crashed
};

/// Runs the inputs that `files` hold, in their order, in one child process. Where they crash, the
/// inputs of a recording that are needed for it are kept beside it as RECORDING.0, RECORDING.1 and
/// so on, and the last line is the command that replays them. `program` is this one's name.
SequenceReplay replay_sequence(const std::vector<std::string>& files, const std::string& program,
                               Execute* execute, unsigned seconds_max);

}  // namespace fiberproof::fuzz
