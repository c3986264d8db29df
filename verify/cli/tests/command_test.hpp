// Runs the command in a folder of its own, directly or from a shell, and reads what it writes.
#pragma once

#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

inline constexpr const char* counterexample =
    FIBERPROOF_CORPUS "/counterexamples/v44-trap-reported-as-return.program";

struct Outcome {
  int exit_code;
  std::vector<std::string> lines;

  bool says(std::string_view text) const {
    return std::ranges::any_of(
        lines, [text](const std::string& line) { return line.find(text) != std::string::npos; });
  }
  std::size_t count(std::string_view beginning) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        lines, [beginning](const std::string& line) { return line.starts_with(beginning); }));
  }
};

inline std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline nlohmann::json json_in(const std::string& path) {
  return nlohmann::json::parse(contents(path), nullptr, false);
}

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    std::string name = testing::TempDir() + "/fiberproof-edges-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    folder_ = name;
  }
  ~CommandTest() override { std::filesystem::remove_all(folder_); }

  static Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FIBERPROOF_COMMAND);
    return run_any(arguments);
  }

  // A shell line; $F is the command.
  static Outcome shell(const std::string& line) {
    return run_any({"/bin/bash", "-c", fmt::format("F='{}'\n{}", FIBERPROOF_COMMAND, line)});
  }

  static Outcome run_any(const std::vector<std::string>& arguments) {
    Outcome outcome{};
    outcome.exit_code = run_process(arguments, {}, [&outcome](const std::string& line) {
                          outcome.lines.push_back(line);
                        }).exit_code;
    return outcome;
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  std::string folder_;
};

}  // namespace fiberproof::verify
