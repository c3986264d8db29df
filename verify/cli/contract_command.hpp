// `fiberproof contract`: a commented contract to start from, and checks of contracts without code.
#pragma once

#include "verify/cli/exit_status.hpp"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct ContractCommand {
  std::string action;              ///< one of contract_actions()
  std::vector<std::string> names;  ///< the new contract's name, or files to look at
  std::string output;              ///< the new file; empty or - for standard output
  std::string object;              ///< new: of this file's code; empty for a template
  std::string symbol;              ///< new: its place there
};

std::vector<std::string> contract_actions();

/// The contract of a switch that pushes the callee-saved registers: complete for a routine of that
/// name and layout, with comments on what to change for another.
std::string new_contract(const std::string& name);

/// Writes a new contract; checks files: that each can be read, that its regions have a base, and
/// that a state meets its assumptions; or lists frame conditions (contract_frame.hpp).
ExitStatus run_contract_command(const ContractCommand& command, nlohmann::json& results);

}  // namespace fiberproof::verify
