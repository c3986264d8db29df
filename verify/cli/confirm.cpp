#include "verify/cli/confirm.hpp"

#include "fuzz/replay/replay.hpp"
#include "verify/process/temporary_folder.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fiberproof::verify {
namespace {

const char* told(bool confirmed, bool is_of_state) {
  if (is_of_state) {
    return confirmed ? "confirmed" : "NOT confirmed, the model or the Program is wrong";
  }
  return confirmed ? "a fixed Program of the same claim also fails on real stacks"
                   : "NOT confirmed: the fixed Program of the same claim does not fail";
}

}  // namespace

Confirmation confirm_natively(const std::string& program, bool is_expected, bool is_of_state) {
  const TemporaryFolder folder;
  if (folder.path().empty()) return {false, folder.error()};
  const std::string path = folder.path() + "/counterexample.program";
  std::ofstream(path) << program;
  const fuzz::Replay replay = fuzz::replay_file(path);

  std::string line = replay.line.substr(std::min(replay.line.find(": ") + 2, replay.line.size()));
  if (replay.verdict == fuzz::Replay::Verdict::unreadable) return {false, "not run: " + line};
  const bool is_as_recorded = replay.verdict == fuzz::Replay::Verdict::as_recorded;
  const bool confirmed = is_as_recorded == is_expected;
  return {confirmed, fmt::format("{}: {}", told(confirmed, is_of_state), line)};
}

std::expected<std::string, std::string> keep_counterexample(const std::string& directory,
                                                            const std::string& theorem,
                                                            const std::string& program) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return std::unexpected(
        fmt::format("fiberproof: {}: cannot be created: {}; name another folder "
                    "with --counterexamples",
                    directory, error.message()));
  }
  std::string name = theorem;
  std::ranges::replace(name, '/', '.');
  for (unsigned number = 1;; ++number) {
    const std::string suffix = number == 1 ? "" : fmt::format(".{}", number);
    const auto path = std::filesystem::path(directory) / fmt::format("{}{}.program", name, suffix);
    if (std::filesystem::exists(path, error)) {
      std::ostringstream present;
      present << std::ifstream(path).rdbuf();
      if (present.str() == program) return path.string();
      continue;
    }
    std::ofstream file(path);
    file << program << std::flush;
    if (file) return path.string();
    return std::unexpected(fmt::format("fiberproof: {}: cannot be written", path.string()));
  }
}

std::string indented(const std::string& text, const std::string& margin) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) result += margin + line + "\n";
  return result;
}

}  // namespace fiberproof::verify
