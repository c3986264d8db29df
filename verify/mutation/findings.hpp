// What noticed one change: which theorems are refuted, after how many executions each target
// crashes, and which tests fail. Kept as JSON, so that a run that was stopped resumes.
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
  std::string
      compiler{};  ///< of the program that it is refuted of; empty for the one that built us
};

struct TargetTrials {
  std::string target;  ///< "program", "program without sanitizers", "corpus_replay"
  std::vector<Trial> trials;
  /// Trials asked for. There are fewer where none of the first ones found it.
  unsigned wanted = 0;
  bool is_named = true;  ///< by the patch; the others are asked with fewer trials and executions

  std::size_t found() const;
  /// Half of the trials had found it by then; nothing where fewer did.
  std::optional<std::uint64_t> median_executions() const;
};

struct Findings {
  std::string change;                   ///< its name
  std::string could_not_run;            ///< why there is nothing here, if so
  std::vector<RefutedTheorem> refuted;  ///< expected to be proved
  std::string proofs_stopped;           ///< why theorems have no verdict, if some have none
  std::vector<TargetTrials> targets;
  bool asks_elsewhere = false;  ///< whether the tests and the corpus were run
  /// Tests and Programs of the corpus that fail: "handle.is_consumed_by_its_use", "corpus
  /// seeds/program/deep.program", each with the compiler before it where that is another one.
  std::vector<std::string> elsewhere;
  double seconds = 0;  ///< building, proving, searching and testing

  /// Whether a trial of a target found it, be the target named or not.
  bool is_found() const;
  /// Whether anything fails. A proof that stops does: no verdict fails a run of the proofs.
  bool is_seen() const;
};

nlohmann::json to_json(const Findings& findings);
/// Nothing where the JSON is not of one whole change.
std::optional<Findings> findings_of(const nlohmann::json& json);

}  // namespace fiberproof::verify
