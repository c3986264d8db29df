#include "verify/cli/code_comparison.hpp"

#include "fuzz/oracle/hex.hpp"
#include "verify/cli/fuzz_command.hpp"
#include "verify/object/object_file.hpp"
#include "verify/obligation/switch_sites.hpp"
#include "verify/process/process.hpp"
#include "verify/target/target_end.hpp"
#include "verify/x86/code_identity.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

constexpr std::string_view routines_section = "fiberproof_text";
constexpr std::string_view sites_section = "fiberproof_switch_sites";
// C++ around the routines; a fuzz target compiles it with its sanitizers (SOUNDNESS.md, N5).
constexpr std::array<std::string_view, 1> compiled_anew{"fiberproof_fiber_start"};

// The running code of a target's process must equal its file.
std::vector<std::string> compare_process(const std::string& path, const ObjectFile& file,
                                         const std::vector<Routine>& sites) {
  std::string output;
  std::deque<std::string> lines_said;
  const ProcessEnd end =
      run_process({path, "-machine_code=1"}, sanitizer_environment(), [&](const std::string& line) {
        if (line.starts_with('{')) output = line;
        lines_said.push_back(line);
      });
  if (end.interrupted) return {};
  if (const auto refusal = refusal_before_any_input(end, lines_said)) {
    return {fmt::format("fiberproof: {}: does not print its machine code: {}", path, *refusal)};
  }
  const auto process = nlohmann::json::parse(output, nullptr, false);
  if (!process.is_object() || !process.contains("routines") || !process.contains("switch_sites")) {
    return {fmt::format("fiberproof: {}: does not print its machine code", path)};
  }
  std::vector<std::string> lines;
  const auto section = file.section(routines_section);
  if (!section || process["routines"] != fuzz::hex(section->bytes)) {
    lines.push_back(fmt::format(
        "fiberproof: {}: its process runs other routines than its file contains", path));
  }
  std::vector<std::string> in_file;
  for (const Routine& site : sites) in_file.push_back(fuzz::hex(site.bytes));
  auto in_process = process["switch_sites"].get<std::vector<std::string>>();
  std::ranges::sort(in_file);
  std::ranges::sort(in_process);
  if (in_file != in_process) {
    lines.push_back(fmt::format(
        "fiberproof: {}: its process runs other switches than its file contains", path));
  }
  return lines;
}

std::string compare_routine(const std::string& path, const ObjectFile& file, const Routine& routine,
                            const ProvedCode& proved) {
  if (identify(file, routine).hash == proved.hash) return {};
  return fmt::format("fiberproof: {}: {} at {:#x} is not the code that was proved", path,
                     routine.symbol, routine.address);
}

std::vector<std::string> compare_target(const std::string& path,
                                        const std::map<std::string, ProvedCode>& proved) {
  const auto file = ObjectFile::open(path);
  if (!file) return {message(file.error())};
  const auto sites = switch_sites(*file, sites_section);
  if (!sites) return {sites.error()};
  if (const auto site = proved_switch_site(*file, sites_section); !site) return {site.error()};
  std::vector<std::string> lines = compare_process(path, *file, *sites);
  for (const auto& [name, code] : proved) {
    std::vector<Routine> routines;
    if (name == "stack_switch") {
      routines = *sites;
    } else if (const auto routine = file->routine(name)) {
      routines = {*routine};
    } else {
      lines.push_back(message(routine.error()));
    }
    for (const Routine& routine : routines) {
      const std::string line = compare_routine(path, *file, routine, code);
      if (!line.empty()) lines.push_back(line);
    }
  }
  return lines;
}

}  // namespace

std::vector<std::string> code_differences(const std::vector<ContractResult>& results,
                                          const std::vector<std::string>& targets) {
  std::map<std::string, ProvedCode> proved;
  for (const ContractResult& result : results) {
    for (const ProvedCode& code : result.code) {
      if (std::ranges::find(compiled_anew, code.routine) != compiled_anew.end()) continue;
      proved.emplace(code.routine, code);
    }
  }
  if (proved.empty()) return {"fiberproof: nothing was proved to compare with the targets"};
  std::vector<std::string> lines;
  for (const std::string& target : targets) {
    const auto of_target = compare_target(target_path(target), proved);
    lines.insert(lines.end(), of_target.begin(), of_target.end());
  }
  return lines;
}

}  // namespace fiberproof::verify
