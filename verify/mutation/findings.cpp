#include "verify/mutation/findings.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

namespace fiberproof::verify {
namespace {

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

bool Findings::is_found() const {
  return std::ranges::any_of(targets, [](const TargetTrials& each) { return each.found() > 0; });
}

bool Findings::is_seen() const {
  return !refuted.empty() || !proofs_stopped.empty() || is_found() || !elsewhere.empty();
}

nlohmann::json to_json(const Findings& findings) {
  nlohmann::json json{{"change", findings.change},
                      {"seconds", findings.seconds},
                      {"refuted", nlohmann::json::array()},
                      {"targets", nlohmann::json::array()}};
  if (!findings.could_not_run.empty()) json["could_not_run"] = findings.could_not_run;
  if (!findings.proofs_stopped.empty()) json["proofs_stopped"] = findings.proofs_stopped;
  for (const RefutedTheorem& theorem : findings.refuted) {
    nlohmann::json entry{{"theorem", theorem.name}, {"milliseconds", theorem.milliseconds}};
    if (!theorem.compiler.empty()) entry["compiler"] = theorem.compiler;
    json["refuted"].push_back(std::move(entry));
  }
  // Tests that were not run are not those of which none failed.
  if (findings.asks_elsewhere) json["elsewhere"] = findings.elsewhere;
  for (const TargetTrials& target : findings.targets) {
    nlohmann::json entry{{"target", target.target},
                         {"wanted", target.wanted},
                         {"named", target.is_named},
                         {"trials", nlohmann::json::array()}};
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
  findings.change = json.at("change").get<std::string>();
  findings.seconds = json.at("seconds").get<double>();
  findings.proofs_stopped = json.value("proofs_stopped", "");
  for (const auto& entry : json.at("refuted")) {
    findings.refuted.push_back({entry.at("theorem").get<std::string>(),
                                entry.at("milliseconds").get<double>(),
                                entry.value("compiler", "")});
  }
  findings.asks_elsewhere = json.contains("elsewhere");
  if (findings.asks_elsewhere) {
    findings.elsewhere = json.at("elsewhere").get<std::vector<std::string>>();
  }
  for (const auto& entry : json.at("targets")) {
    TargetTrials& target = findings.targets.emplace_back();
    target.target = entry.at("target").get<std::string>();
    target.wanted = entry.at("wanted").get<unsigned>();
    target.is_named = entry.at("named").get<bool>();
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
