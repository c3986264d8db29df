#include "verify/mutation/defects/findings.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
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

void compare_proofs(const Defect& defect, const Findings& findings,
                    std::vector<std::string>& lines) {
  if (defect.theorems.empty()) {
    if (!findings.refuted.empty()) {
      lines.push_back(fmt::format("{} is refuted, though no proof is said to see it",
                                  findings.refuted.front().name));
    }
    return;
  }
  const bool is_seen = std::ranges::any_of(
      defect.theorems, [&](const std::string& theorem) { return is_refuted(findings, theorem); });
  if (!is_seen) {
    lines.push_back(fmt::format("{} is not refuted", fmt::join(defect.theorems, " or ")));
  }
}

void compare_trials(const Defect& defect, const TargetTrials& target,
                    std::vector<std::string>& lines) {
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

std::optional<Replays> replays_of(const std::string& name) {
  for (const Replays replays :
       {Replays::no, Replays::alone, Replays::in_sequence, Replays::by_seed}) {
    if (name == name_of(replays)) return replays;
  }
  return std::nullopt;
}

}  // namespace

std::size_t TargetTrials::found() const {
  return static_cast<std::size_t>(std::ranges::count_if(trials, &Trial::found));
}

std::optional<std::uint64_t> TargetTrials::median_executions() const {
  std::vector<std::uint64_t> executions;
  for (const Trial& trial : trials) {
    if (trial.found) executions.push_back(trial.executions);
  }
  // Those that ran out of executions come after all others.
  const std::size_t middle = trials.empty() ? 0 : (trials.size() - 1) / 2;
  if (middle >= executions.size()) return std::nullopt;
  std::ranges::sort(executions);
  return executions[middle];
}

std::vector<std::string> differences(const Defect& defect, const Findings& findings) {
  if (!findings.could_not_run.empty()) return {findings.could_not_run};
  std::vector<std::string> lines;
  compare_proofs(defect, findings, lines);
  for (const TargetTrials& target : findings.targets) compare_trials(defect, target, lines);
  std::ranges::sort(lines);
  lines.erase(std::ranges::unique(lines).begin(), lines.end());
  return lines;
}

nlohmann::json to_json(const Findings& findings) {
  nlohmann::json json{{"defect", findings.defect},
                      {"seconds", findings.seconds},
                      {"refuted", nlohmann::json::array()},
                      {"targets", nlohmann::json::array()}};
  if (!findings.could_not_run.empty()) json["could_not_run"] = findings.could_not_run;
  if (!findings.proofs_stopped.empty()) json["proofs_stopped"] = findings.proofs_stopped;
  for (const RefutedTheorem& theorem : findings.refuted) {
    json["refuted"].push_back({{"theorem", theorem.name}, {"milliseconds", theorem.milliseconds}});
  }
  for (const TargetTrials& target : findings.targets) {
    nlohmann::json entry{
        {"target", target.target}, {"wanted", target.wanted}, {"trials", nlohmann::json::array()}};
    for (const Trial& trial : target.trials) {
      entry["trials"].push_back({{"executions", trial.executions},
                                 {"found", trial.found},
                                 {"kind", trial.kind},
                                 {"artefact", trial.artefact},
                                 {"replays", name_of(trial.replays)}});
    }
    json["targets"].push_back(std::move(entry));
  }
  return json;
}

std::optional<Findings> findings_of(const nlohmann::json& json) try {
  Findings findings;
  findings.defect = json.at("defect").get<std::string>();
  findings.seconds = json.at("seconds").get<double>();
  findings.proofs_stopped = json.value("proofs_stopped", "");
  for (const auto& entry : json.at("refuted")) {
    findings.refuted.push_back(
        {entry.at("theorem").get<std::string>(), entry.at("milliseconds").get<double>()});
  }
  for (const auto& entry : json.at("targets")) {
    TargetTrials& target = findings.targets.emplace_back();
    target.target = entry.at("target").get<std::string>();
    target.wanted = entry.at("wanted").get<unsigned>();
    for (const auto& trial : entry.at("trials")) {
      const auto replays = replays_of(trial.at("replays").get<std::string>());
      if (!replays) return std::nullopt;
      target.trials.push_back({trial.at("executions").get<std::uint64_t>(),
                               trial.at("found").get<bool>(), trial.at("kind").get<std::string>(),
                               trial.at("artefact").get<std::string>(), *replays});
    }
  }
  // What could not run is tried again.
  return json.contains("could_not_run") ? std::nullopt : std::optional(std::move(findings));
} catch (const nlohmann::json::exception&) {
  return std::nullopt;
}

}  // namespace fiberproof::verify
