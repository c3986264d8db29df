// `fiberproof engines`: random Programs, or given ones, on WebAssembly engines.
#pragma once

#include "verify/cli/engine_campaign.hpp"
#include "verify/cli/exit_status.hpp"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct EnginesCommand {
  std::size_t programs = 2000;  ///< to be made where no files are given
  std::uint64_t seed = 1;
  std::vector<std::string> engines;  ///< NAME=COMMAND…
  std::string table;                 ///< empty for the installed one
  std::string known;                 ///< empty for that of the corpus
  double seconds = 20;               ///< for one program; a batch has a tenth of it for each more
  std::size_t batch = 0;             ///< 0 for what suits the protocol
  std::string out = "fiberproof-engines";
  bool no_minimize = false;
  bool keeps_known = false;       ///< minimises and keeps known disagreements, too
  bool may_lack_engines = false;  ///< that none runs here is then no failure
  std::vector<std::string> files;
};

/// Runs the programs on every engine and prints what disagrees, then the table. 0: all agree, or
/// disagree in known ways; 1: a new disagreement; 2: nothing was run, or less than was asked for.
ExitStatus run_engines(const EnginesCommand& command, const EngineParts& parts,
                       nlohmann::json& results);

}  // namespace fiberproof::verify
