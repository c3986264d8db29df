#include "verify/cli/module_operations.hpp"

#include "verify/embedded/embedded.hpp"
#include "verify/survey/operation.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <map>

namespace fiberproof::verify {
namespace {

// One part of all operations.
struct Tally {
  std::size_t proved = 0;
  std::map<std::string, std::size_t> unknown;  // by reason
};

const OperationPart& part_of(const SwitchOperation& operation, std::size_t part) {
  const std::array<const OperationPart*, operation_parts.size()> parts{
      &operation.context, &operation.last_ancestor, &operation.stack_limit};
  return *parts[part];
}

}  // namespace

std::vector<std::string> module_operations(const ObjectFile& file, const Survey& found) {
  std::vector<std::string> lines;
  const auto version = wasmtime_version(file);
  if (!version || found.switches.empty()) return lines;
  const auto text = embedded_wasmtime_offsets();
  const auto offsets = parse_engine_offsets(text.text, text.path);
  if (!offsets) {
    lines.push_back("operations are not looked at: " + offsets.error());
    return lines;
  }
  if (std::ranges::find(offsets->versions, *version) == offsets->versions.end()) {
    lines.push_back(fmt::format("operations are not looked at: {} has no offsets of version {}",
                                text.path, *version));
    return lines;
  }
  const Operations operations(file, found, *offsets);
  std::array<Tally, operation_parts.size()> tallies;
  for (const FoundSwitch& one : found.switches) {
    const SwitchOperation operation = operations.around(one);
    for (std::size_t part = 0; part < tallies.size(); ++part) {
      const OperationPart& seen = part_of(operation, part);
      if (seen.is_proved) {
        ++tallies[part].proved;
      } else {
        ++tallies[part].unknown[seen.reason];
      }
    }
  }
  lines.push_back(fmt::format("operations, by the offsets of {} {}:", offsets->engine, *version));
  for (std::size_t part = 0; part < tallies.size(); ++part) {
    lines.push_back(fmt::format("  {:67} {} of {}", operation_parts[part], tallies[part].proved,
                                found.switches.size()));
    for (const auto& [reason, count] : tallies[part].unknown) {
      lines.push_back(fmt::format("    not known of {}: {}", count, reason));
    }
  }
  return lines;
}

}  // namespace fiberproof::verify
