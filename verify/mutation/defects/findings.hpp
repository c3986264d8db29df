// What a hunt found of one defect: which theorems are refuted, and after how many executions each
// target sees it. Kept as JSON, so that a hunt can go on where it was stopped.
#pragma once

#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/defects/trial.hpp"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct RefutedTheorem {
  std::string name;
  double milliseconds = 0;
};

struct TargetTrials {
  std::string target;  ///< text() of a BuiltTarget
  std::vector<Trial> trials;
  unsigned wanted =
      0;  ///< trials asked for; the rest was given up, since none of the first found it

  std::size_t found() const;
  /// Half of the trials had found it by then; nothing where fewer did.
  std::optional<std::uint64_t> median_executions() const;
};

struct Findings {
  std::string defect;
  std::string could_not_run;            ///< why there is nothing here, if so
  std::vector<RefutedTheorem> refuted;  ///< that the sources without a defect have proved
  std::string proofs_stopped;           ///< why theorems are missing, if so
  std::vector<TargetTrials> targets;
  double seconds = 0;  ///< building, proving and searching
};

/// How the findings differ from what the patch says of itself: one line each.
std::vector<std::string> differences(const Defect& defect, const Findings& findings);

nlohmann::json to_json(const Findings& findings);
/// Nothing where the JSON is not of a whole defect.
std::optional<Findings> findings_of(const nlohmann::json& json);

}  // namespace fiberproof::verify
