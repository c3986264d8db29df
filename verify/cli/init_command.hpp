// `fiberproof init`: a fiberproof.toml of what can be proved of an object file today.
#pragma once

#include "verify/cli/prove_command.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct InitCommand {
  ProveOptions prove;
  std::vector<std::string> symbols;  ///< as typed
  std::string output = "fiberproof.toml";
};

/// Proves the object's code and writes the file: which roles, and every theorem with the verdict
/// that is wanted of it. A theorem that is not proved today is wanted proved, with a comment. An
/// existing file is left alone.
ExitStatus write_project(const InitCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
