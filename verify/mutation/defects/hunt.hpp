// The hunt: known bugs are put into core one at a time, and the proofs and the fuzz targets must
// see each, in the way that its patch names.
#pragma once

#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/defects/findings.hpp"

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct HuntOptions {
  std::string source;   ///< the project's folder
  std::string folder;   ///< copy of the sources, build, artefacts and findings.json; is kept
  std::string command;  ///< `fiberproof`, for the proofs
  unsigned seeds = 20;  ///< trials of each target
  std::uint64_t executions_max = 1'000'000;  ///< of a trial
  unsigned jobs = 2;                         ///< trials at once
  /// So many trials that all find nothing end the search in a target.
  unsigned give_up_after = 4;
  /// Folds in what the folder has of an earlier hunt, of the same sources and options.
  bool resume = true;
};

/// What the work on one defect or mutant has come to.
struct Phase {
  std::string text;        ///< "building", "program: 3 of 20 searches, 2 found something"
  bool is_a_step = false;  ///< within the phase before: for a terminal only, and from any thread
};

/// Who watches a hunt.
struct HuntWatcher {
  std::function<void(const Defect&, const Phase&)> on_phase = [](const Defect&, const Phase&) {};
  std::function<void(const Defect&, const Findings&, bool is_earlier)> on_findings;
};

/// Hunts each of `defects`; tells each phase, and the findings as each is done, with whether they
/// are those of an earlier hunt. The error says what prevents any hunt at all, such as sources that
/// do not build without a defect, or Ctrl-C.
std::expected<std::vector<Findings>, std::string> hunt(const HuntOptions& options,
                                                       const std::vector<Defect>& defects,
                                                       const HuntWatcher& watcher);

}  // namespace fiberproof::verify
