// The interface to engine processes: a function that the caller gives, since this folder starts no
// process itself. verify/cli gives one that limits time and memory; tests give engines of paper.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::fuzz::engine {

struct EngineCommand {
  std::vector<std::string> arguments;         ///< the first is a path, or a name that PATH finds
  std::vector<std::string> environment = {};  ///< "NAME=value", added to ours
  double seconds_max = 0;
  std::uint64_t memory_bytes_max = 0;  ///< resident; 0 for no bound
};

struct EngineEnd {
  bool started = false;
  std::string why_not_started = {};  ///< what the system said, such as "No such file or directory"
  int exit_code = -1;                ///< 128 + n where signal n ended it
  bool timed_out = false;
  bool out_of_memory = false;           ///< it was ended, as it took more than it may
  bool interrupted = false;             ///< the user ended the command
  double cpu_seconds = 0;               ///< of the process and of those that it waited for
  double wall_seconds = 0;              ///< from its start to its end
  std::vector<std::string> lines = {};  ///< of both outputs, in the order in which they came
};

using RunEngine = std::function<EngineEnd(const EngineCommand& command)>;

}  // namespace fiberproof::fuzz::engine
