#include "verify/cli/fuzz_command.hpp"

#include "fuzz/generate/ends_profile.hpp"
#include "fuzz/generate/generate.hpp"
#include "fuzz/generate/start_profiles.hpp"
#include "verify/cli/complaint.hpp"
#include "verify/cli/fuzz_run.hpp"
#include "verify/cli/prove_command.hpp"
#include "verify/process/interruption.hpp"
#include "verify/target/target_end.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <expected>
#include <filesystem>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

std::expected<std::vector<FuzzTarget>, std::string> chosen_targets(const FuzzOptions& options) {
  if (options.targets.empty()) return fuzz_targets();
  std::vector<FuzzTarget> chosen;
  for (const std::string& name : options.targets) {
    const auto target = std::ranges::find(fuzz_targets(), name, &FuzzTarget::name);
    if (target == fuzz_targets().end()) {
      return std::unexpected(
          fmt::format("there is no target '{}'; `fiberproof list targets` names them", name));
    }
    chosen.push_back(*target);
  }
  return chosen;
}

// Why no files can be made in `folder`, which need not exist yet; empty if they can.
std::string why_not_writable(const std::string& folder) {
  std::error_code ignored;
  filesystem::path path = filesystem::absolute(folder, ignored);
  while (!filesystem::exists(path, ignored) && path != path.parent_path()) {
    path = path.parent_path();
  }
  if (!filesystem::is_directory(path, ignored)) {
    return fmt::format("{} is not a folder", path.string());
  }
  if (::access(path.c_str(), W_OK | X_OK) == 0) return "";
  return fmt::format("{}: {}", path.string(), std::strerror(errno));
}

void check_folder(const std::string& option, const std::string& folder,
                  std::vector<std::string>& obstacles) {
  if (folder.empty()) return;
  const std::string why = why_not_writable(folder);
  if (why.empty()) return;
  obstacles.push_back(fmt::format(
      "nothing can be written into {}: {}; name another folder with {} DIR", folder, why, option));
}

}  // namespace

const std::vector<FuzzTarget>& fuzz_targets() {
  static const std::vector<FuzzTarget> targets{{"layout", "layout", &fuzz::generate_layouts},
                                               {"trampoline", "trampoline", &fuzz::generate_starts},
                                               {"program", "program", &fuzz::generate_program},
                                               {"walk", "program", &fuzz::generate_program},
                                               {"ends", "ends", &fuzz::generate_ends},
                                               {"object", "object", nullptr},
                                               {"instruction", "instruction", nullptr}};
  return targets;
}

std::string target_path(const std::string& target) {
  const filesystem::path folder = filesystem::path(own_path()).parent_path();
  const filesystem::path beside = folder / (target + "_fuzzer");
  const filesystem::path installed =
      folder.parent_path() / "lib" / "fiberproof" / (target + "_fuzzer");
  std::error_code ignored;
  const bool is_installed =
      !filesystem::exists(beside, ignored) && filesystem::exists(installed, ignored);
  return is_installed ? installed : beside;
}

std::vector<std::string> fuzzing_obstacles(const FuzzOptions& options) {
  const auto chosen = chosen_targets(options);
  if (!chosen) return {chosen.error()};
  std::vector<std::string> obstacles;
  if (const auto refusal = raise_limits()) obstacles.push_back(*refusal);
  check_folder("--artifacts", options.artifacts, obstacles);
  check_folder("--corpus", options.corpus, obstacles);
  for (const FuzzTarget& target : *chosen) {
    const std::string path = target_path(target.name);
    if (::access(path.c_str(), X_OK) != 0) {
      obstacles.push_back(
          fmt::format("{}: the target cannot be started: {}; build it with "
                      "`cmake --build BUILD --target {}_fuzzer`, or copy it there",
                      path, std::strerror(errno), target.name));
    }
    const auto seeds = seeds_of(options.seeds, target.name, target.seeds);
    if (!seeds) obstacles.push_back(seeds.error());
  }
  return obstacles;
}

FuzzReport run_fuzzers(const FuzzOptions& options) {
  FuzzReport report;
  const auto obstacles = fuzzing_obstacles(options);
  for (const std::string& line : obstacles) complain(line);
  const auto chosen = chosen_targets(options);
  if (!obstacles.empty() || !chosen) {
    report.status = ExitStatus::could_not_run;
    return report;
  }
  for (const FuzzTarget& target : *chosen) {
    if (is_interrupted()) break;
    TargetReport& entry = report.targets.emplace_back();
    entry.target = target.name;
    report.status = worse(report.status, run_target(options, target, entry));
  }
  return report;
}

}  // namespace fiberproof::verify
