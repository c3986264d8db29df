#include "verify/cli/explain_command.hpp"

#include "fuzz/explain/explain.hpp"
#include "fuzz/replay/replay.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/fuzz_input.hpp"
#include "verify/cli/replay_command.hpp"

#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

namespace fiberproof::verify {

ExitStatus explain_file(const std::string& path, nlohmann::json& results) {
  results["path"] = path;
  const auto program = std::make_unique<fuzz::Program>();
  if (const auto read = read_program_or_input(input_path(path), *program); !read) {
    complain(read.error());
    return ExitStatus::could_not_run;
  }
  const std::string text = fuzz::explain(*program);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) results["lines"].push_back(line);
  fmt::print("{}", text);
  return ExitStatus::ok;
}

}  // namespace fiberproof::verify
