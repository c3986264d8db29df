#include "verify/mutation/defects/comparison.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <set>

namespace fiberproof::verify {
namespace {

bool is_refuted(const Findings& findings, const std::string& beginning) {
  return std::ranges::any_of(findings.refuted, [&](const RefutedTheorem& theorem) {
    return theorem.name.starts_with(beginning);
  });
}

bool is_violated(const Defect& defect, const std::string& target, const std::string& kind) {
  return std::ranges::any_of(defect.oracles, [&](const Oracle& oracle) {
    return oracle.target.text() == target && is_seen_by(oracle, kind);
  });
}

// The patch names no theorem. A prover that cannot read the code has not held its theorems of it,
// so that a stop must be said as well.
void compare_no_theorem(const Defect& defect, const Findings& findings,
                        std::vector<std::string>& lines) {
  if (!findings.refuted.empty()) {
    lines.push_back(fmt::format(
        "{} is refuted, though {}", findings.refuted.front().name,
        defect.stops_proofs ? "the proofs are said to stop" : "no proof is said to see it"));
  }
  if (defect.stops_proofs && findings.proofs_stopped.empty()) {
    lines.emplace_back("the proofs do not stop, though they are said to");
  } else if (!defect.stops_proofs && !findings.proofs_stopped.empty()) {
    lines.push_back(
        fmt::format("the proofs stop, though they are not said to: {}", findings.proofs_stopped));
  }
}

void compare_proofs(const Defect& defect, const Findings& findings,
                    std::vector<std::string>& lines) {
  if (defect.theorems.empty()) return compare_no_theorem(defect, findings, lines);
  const bool is_seen = std::ranges::any_of(
      defect.theorems, [&](const std::string& theorem) { return is_refuted(findings, theorem); });
  if (!is_seen) {
    lines.push_back(fmt::format("{} is not refuted{}{}", fmt::join(defect.theorems, " or "),
                                findings.proofs_stopped.empty() ? "" : ", since proving stopped: ",
                                findings.proofs_stopped));
  }
}

// A target that is not named may find it or not, unless none is said to; what it finds must replay.
void compare_other_trials(const Defect& defect, const TargetTrials& target,
                          std::vector<std::string>& lines) {
  for (const Trial& trial : target.trials) {
    if (!trial.found) continue;
    if (defect.oracles.empty()) {
      lines.push_back(
          fmt::format("{} finds it ({}), though no target is said to", target.target, trial.kind));
    }
    if (trial.replays == Replays::no) {
      lines.push_back(fmt::format("{} does not replay", trial.artefact));
    }
  }
}

void compare_trials(const Defect& defect, const TargetTrials& target,
                    std::vector<std::string>& lines) {
  if (!target.is_named) return compare_other_trials(defect, target, lines);
  if (target.found() < target.wanted) {
    lines.push_back(fmt::format("{} finds it in {} of {} runs", target.target, target.found(),
                                target.trials.size()));
  }
  std::set<std::string> kinds;
  bool is_named = target.found() == 0;
  for (const Trial& trial : target.trials) {
    if (!trial.found) continue;
    kinds.insert(trial.kind);
    is_named = is_named || is_violated(defect, target.target, trial.kind);
    if (trial.replays == Replays::no) {
      lines.push_back(fmt::format("{} does not replay", trial.artefact));
    }
  }
  // What else a bug breaks may be met first, but not always.
  if (!is_named) {
    lines.push_back(
        fmt::format("{} never ends as named, but with {}", target.target, fmt::join(kinds, "; ")));
  }
}

void compare_elsewhere(const Defect& defect, const Findings& findings,
                       std::vector<std::string>& lines) {
  for (const std::string& beginning : defect.failures) {
    const bool is_failed = std::ranges::any_of(findings.elsewhere, [&](const std::string& failure) {
      return failure.starts_with(beginning);
    });
    if (!is_failed) {
      lines.push_back(fmt::format("{} {}", beginning,
                                  findings.asks_elsewhere ? "does not fail" : "was not asked"));
    }
  }
  if (!findings.is_seen()) lines.emplace_back("nothing sees it");
}

}  // namespace

bool is_seen_by(const Oracle& oracle, const std::string& kind) {
  // The whole id of a rule: C1 is not C10.
  return kind == oracle.violated + " violated" ||
         (oracle.violated.size() > 3 && kind.find(oracle.violated) != kind.npos);
}

std::vector<std::string> differences(const Defect& defect, const Findings& findings) {
  if (!findings.could_not_run.empty()) return {findings.could_not_run};
  std::vector<std::string> lines;
  compare_proofs(defect, findings, lines);
  for (const TargetTrials& target : findings.targets) compare_trials(defect, target, lines);
  compare_elsewhere(defect, findings, lines);
  std::ranges::sort(lines);
  lines.erase(std::ranges::unique(lines).begin(), lines.end());
  return lines;
}

}  // namespace fiberproof::verify
