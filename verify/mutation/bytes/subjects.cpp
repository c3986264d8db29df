#include "verify/mutation/bytes/subjects.hpp"

#include "verify/obligation/switch_sites.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fiberproof::verify {

std::expected<std::vector<MutatedRoutine>, std::string> mutated_routines(
    const ObjectFile& file, std::span<const Contract> contracts) {
  struct Named {
    ProbedRoutine probed;
    const char* contract;
    const char* symbol;  // none: the sites of the switch
    const char* callee;
  };
  constexpr Named all[] = {
      {ProbedRoutine::continuation_start, "continuation_start", "fiberproof_continuation_start",
       "fiberproof_fiber_start"},
      {ProbedRoutine::continuation_start_v44, "continuation_start_v44",
       "fiberproof_continuation_start_v44", "fiberproof_fiber_start_v44"},
      {ProbedRoutine::stack_switch, "stack_switch", nullptr, ""},
  };
  std::vector<MutatedRoutine> made;
  for (const Named& named : all) {
    const auto contract =
        std::ranges::find(contracts, std::string_view(named.contract), &Contract::name);
    if (contract == contracts.end()) {
      return std::unexpected(fmt::format("no contract {}", named.contract));
    }
    if (named.symbol == nullptr) {
      auto site = proved_switch_site(file, contract->runs.front().symbol);
      if (!site) return std::unexpected(site.error());
      made.push_back({named.probed, &*contract, std::move(*site), named.callee});
      continue;
    }
    auto routine = file.routine(named.symbol);
    if (!routine) return std::unexpected(message(routine.error()));
    made.push_back({named.probed, &*contract, std::move(*routine), named.callee});
  }
  return made;
}

}  // namespace fiberproof::verify
