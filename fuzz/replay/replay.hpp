// Replays Program files: each is run in a process of its own and compared with what it expects.
// Every outcome, of a damaged file as well, is one clear line that names the file.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/run/run.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::fuzz {

/// Reads the file at `path`. The error is one line that names the file and the place.
[[nodiscard]] std::expected<void, std::string> read_program(const std::string& path,
                                                            Program& program);

/// How a program ended that was run twice in a process of its own.
struct Ending {
  std::optional<Expectation> seen;  ///< nothing where the process died
  int status = 0;                   ///< of the process, as waitpid() tells it
  Outcome outcome{};                ///< of the second run, where nothing was violated
  std::string report;               ///< what it wrote to standard error
};

/// The error says why it could not be run.
[[nodiscard]] std::expected<Ending, std::string> run_apart(const Program& program);

/// In a few words, such as "violation C5" or "crashed: Aborted".
std::string describe(const Ending& ending);

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

/// Replays a Program that was read from `path`.
Replay replay_program(const std::string& path, const Program& program);

struct ExpandedPaths {
  std::vector<std::string> programs;  ///< in the order of the arguments, then by name
  std::vector<std::string> errors;    ///< one line each
};

/// The Program files that `paths` name: files as they are, directories with all below them. There a
/// regular file must be a *.program, README.md, CMakeLists.txt or engines/known.txt, or lie in
/// seeds/object or reproducers/object; that there is none is an error.
ExpandedPaths expand_paths(const std::vector<std::string>& paths);

}  // namespace fiberproof::fuzz
