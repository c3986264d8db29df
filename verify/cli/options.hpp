// The command line: every subcommand's options and their help, in plain imperative English.
#pragma once

#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/hunt_command.hpp"
#include "verify/cli/mutants_command.hpp"
#include "verify/cli/mutate_command.hpp"
#include "verify/cli/prove_command.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct Options {
  std::string command;  ///< the subcommand; empty for the main job
  ProveOptions prove;
  FuzzOptions fuzz;
  HuntCommand hunt;
  MutateCommand mutate;
  MutantsCommand mutants;
  std::vector<std::string> symbols;  ///< ROLE=PLACE
  std::string revision;              ///< v44 or trap; empty where none is given
  std::vector<std::string> replay;
  std::string explain;
  std::string minimize;
  std::string minimized;
  std::string list;
  std::string json;            ///< where the results go, also of a command line that is wrong
  bool is_json_given = false;  ///< though it may be the empty name
  unsigned main_seconds = 5;
};

enum class Parsed : std::uint8_t { ready, printed_help, wrong };

/// Fills `options`; prints help or the version where that is asked for, and one line where
/// something is wrong.
Parsed parse_options(int argc, char** argv, Options& options);

}  // namespace fiberproof::verify
