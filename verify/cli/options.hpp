// The command line: every subcommand's options and their help, in plain imperative English.
#pragma once

#include "verify/cli/contract_command.hpp"
#include "verify/cli/engines_command.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/cli/hunt_command.hpp"
#include "verify/cli/mutants_command.hpp"
#include "verify/cli/mutate_command.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/cli/report_command.hpp"

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
  EnginesCommand engines;
  ContractCommand contract;
  ReportCommand report;
  std::vector<std::string> symbols;  ///< ROLE=PLACE
  std::string trampoline;            ///< trap, v44 or trap-asan; empty where none is given
  std::vector<std::string> replay;
  std::string explain;
  std::string minimize;
  std::string minimized;
  std::string list;
  std::string check = "fiberproof.toml";
  std::string init_output = "fiberproof.toml";
  std::string json;            ///< file for the results, even if the command line is wrong
  bool is_json_given = false;  ///< the name may be empty
  unsigned main_seconds = 5;
  std::size_t main_engine_programs = 500;  ///< of the main job; on each engine
  bool main_leaves_engines_out = false;
};

enum class Parsed : std::uint8_t { ready, printed_help, wrong };

/// Fills `options`. Prints help or the version on request, and one line for an error.
Parsed parse_options(int argc, char** argv, Options& options);

}  // namespace fiberproof::verify
