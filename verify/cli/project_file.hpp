// fiberproof.toml: what `fiberproof check` asks of a repository's own code. TOML 1.0, read by
// tomlplusplus.
//
//   [[prove]]                               one for each object file
//   object = "build/fiber.o"                relative to the folder of fiberproof.toml
//   name = "fiber"                          in messages; else the object
//   symbol = { start = "my_start" }         as --symbol; a role may have several
//   trampoline = "trap"                     as --trampoline
//   contract = ["fiber.contract"]           as --contract
//   let = { guard = 0 }                     as --let
//   only = ["T2"]                           as the names of `prove`
//   timeout = 10000                         milliseconds, as --timeout
//   [prove.expected]                        every theorem, with its verdict
//   "continuation_start/T2.args" = "proved"
//
//   [engines]                               at most one
//   engine = { mine = "build/engine" }      as --engine, relative where it has a slash
//   programs = 500                          as --programs
//   seed = 1                                as --seed
//   known = "known.txt"                     as --known
#pragma once

#include "verify/cli/engines_command.hpp"
#include "verify/cli/prove_command.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ProjectProof {
  std::string name;
  ProveOptions options;
};

struct ProjectFile {
  std::vector<ProjectProof> proofs;
  std::optional<EnginesCommand> engines;
};

/// The file with every path as it is from here. The errors are all that are found, one line each:
/// `FILE:LINE:COLUMN: reason`.
[[nodiscard]] std::expected<ProjectFile, std::vector<std::string>> read_project(
    const std::string& path);

}  // namespace fiberproof::verify
