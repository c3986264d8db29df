#include "verify/cli/module_operations.hpp"

#include "verify/embedded/embedded.hpp"
#include "verify/survey/operation.hpp"
#include "verify/x86/place_name.hpp"

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

ModuleOperations module_operations(const ObjectFile& file, const Survey& found) {
  ModuleOperations told;
  const auto version = wasmtime_version(file);
  if (!version || found.switches.empty()) return told;
  const auto text = embedded_wasmtime_offsets();
  const auto offsets = parse_engine_offsets(text.text, text.path);
  if (!offsets) {
    told.refuted.push_back(offsets.error());
    return told;
  }
  if (std::ranges::find(offsets->versions, *version) == offsets->versions.end()) {
    told.lines.push_back(fmt::format(
        "operations are not looked at: {} has no offsets of version {}", text.path, *version));
    return told;
  }
  std::array<Tally, operation_parts.size()> tallies;
  for (const FoundSwitch& one : found.switches) {
    const SwitchOperation operation = operation_of(file, one, *offsets);
    for (std::size_t part = 0; part < tallies.size(); ++part) {
      const OperationPart& seen = part_of(operation, part);
      if (seen.verdict == Verdict::proved) ++tallies[part].proved;
      if (seen.verdict == Verdict::unknown) ++tallies[part].unknown[seen.reason];
      if (seen.verdict == Verdict::refuted) {
        told.refuted.push_back(fmt::format("the operation around the switch at {}: {}: refuted: {}",
                                           place_name(file, load_address(file, one.code.address)),
                                           operation_parts[part], seen.reason));
      }
    }
  }
  told.lines.push_back(
      fmt::format("operations, by the offsets of {} {}:", offsets->engine, *version));
  for (std::size_t part = 0; part < tallies.size(); ++part) {
    told.lines.push_back(fmt::format("  {:67} {} of {}", operation_parts[part],
                                     tallies[part].proved, found.switches.size()));
    for (const auto& [reason, count] : tallies[part].unknown) {
      told.lines.push_back(fmt::format("    not known of {}: {}", count, reason));
    }
  }
  return told;
}

}  // namespace fiberproof::verify
