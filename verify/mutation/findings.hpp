// What noticed one change: which theorems are refuted, and after how many executions each target
// crashes. Kept as JSON, so that a run that was stopped resumes.
#pragma once

#include "verify/mutation/trial.hpp"

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
  std::string target;  ///< "program", "program without sanitizers", "corpus_replay"
  std::vector<Trial> trials;
  /// Trials asked for. There are fewer where none of the first ones found it.
  unsigned wanted = 0;

  std::size_t found() const;
  /// Half of the trials had found it by then; nothing where fewer did.
  std::optional<std::uint64_t> median_executions() const;
};

struct Findings {
  std::string change;                   ///< its name
  std::string could_not_run;            ///< why there is nothing here, if so
  std::vector<RefutedTheorem> refuted;  ///< expected to be proved
  std::string proofs_stopped;           ///< why theorems are missing, if so
  std::vector<TargetTrials> targets;
  double seconds = 0;  ///< building, proving and searching
};

nlohmann::json to_json(const Findings& findings);
/// Nothing where the JSON is not of one whole change.
std::optional<Findings> findings_of(const nlohmann::json& json);

}  // namespace fiberproof::verify
