// Replays Program files: each is run in a process of its own and compared with what it expects.
// Every outcome, of a damaged file as well, is one clear line that names the file.
#pragma once

#include <string>
#include <vector>

namespace fiberproof::fuzz {

struct Replay {
  enum class Verdict {
    as_recorded,  ///< it did what the file expects
    different,    ///< it did something else
    unreadable,   ///< no Program, or one that could not be run here
  };
  Verdict verdict;
  std::string line;    ///< what happened, naming the file
  std::string report;  ///< what the run printed to standard error: the report of a violation
};

/// Replays one file.
Replay replay_file(const std::string& path);

struct ExpandedPaths {
  std::vector<std::string> programs;  ///< in the order of the arguments, then by name
  std::vector<std::string> errors;    ///< one line each
};

/// The Program files that `paths` name: files as they are, directories with all below them. There a
/// regular file must be a *.program, README.md or CMakeLists.txt; that there is none is an error.
ExpandedPaths expand_paths(const std::vector<std::string>& paths);

}  // namespace fiberproof::fuzz
