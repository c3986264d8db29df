// Runs the command in a folder of its own, directly or from a shell, and reads what it writes.
#pragma once

#include "verify/cli/tests/command_outcome.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fiberproof::verify {

inline constexpr const char* counterexample =
    FIBERPROOF_CORPUS "/counterexamples/v44-trap-reported-as-return.program";

inline nlohmann::json json_in(const std::string& path) {
  return nlohmann::json::parse(ScratchFolder::contents(path), nullptr, false);
}

class CommandTest : public testing::Test {
 protected:
  static Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return outcome_of(arguments);
  }

  // A shell line; $F is the command.
  static Outcome shell(const std::string& line) {
    return outcome_of({"/bin/bash", "-c", fmt::format("F='{}'\n{}", FIBERPROOF_COMMAND, line)});
  }

  std::string path(const std::string& name) const { return folder_.path(name); }

  std::string file(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }

  ScratchFolder folder_;
};

}  // namespace fiberproof::verify
