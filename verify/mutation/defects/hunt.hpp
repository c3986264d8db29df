// The hunt: known bugs are put into core one at a time, and the proofs, the fuzz targets and the
// tests must notice each as its patch says.
//
// Every target is asked for every defect, with sanitizers and without. A target that the patch
// names gets all trials; the others get a few short ones, so that a hunt of all defects stays an
// hour.
#pragma once

#include "verify/mutation/change_run.hpp"
#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/findings.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct HuntOptions : ChangeRunOptions {
  unsigned seeds = 20;                ///< trials of each target that a patch names
  unsigned jobs = 2;                  ///< trials at once
  unsigned give_up_after = 4;         ///< trials of a target without a finding
  std::vector<std::string> targets;   ///< all there are
  unsigned others = 2;                ///< trials of each that a patch does not name
  std::uint64_t others_max = 10'000;  ///< executions of such a trial
  /// Runs the tests and the corpus for every defect. Else for those whose patch names some, or a
  /// compiler, and for those that no proof and no target sees.
  bool elsewhere = false;
};

/// Watches a hunt.
struct HuntWatcher {
  std::function<void(const Defect&, const Phase&)> on_phase = [](const Defect&, const Phase&) {};
  std::function<void(const Defect&, const Findings&, bool is_earlier)> on_findings;
};

/// Hunts each of `defects`; tells each phase, and the findings as each is done, with whether they
/// are those of an earlier hunt. The error says what prevents any hunt at all, or ended it, such as
/// Ctrl-C.
[[nodiscard]] std::expected<std::vector<Findings>, std::string> hunt(
    const HuntOptions& options, const std::vector<Defect>& defects, const HuntWatcher& watcher);

}  // namespace fiberproof::verify
