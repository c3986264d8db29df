#include "verify/mutation/defects/hunt_table.hpp"

#include "verify/mutation/table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

namespace fiberproof::verify {
namespace {

// The one that the patch names, else the first.
const RefutedTheorem* shown_theorem(const Defect& defect, const Findings& findings) {
  const auto is_named = [&defect](const RefutedTheorem& theorem) {
    return std::ranges::any_of(defect.theorems, [&theorem](const std::string& beginning) {
      return theorem.name.starts_with(beginning);
    });
  };
  const auto named = std::ranges::find_if(findings.refuted, is_named);
  if (named != findings.refuted.end()) return &*named;
  return findings.refuted.empty() ? nullptr : &findings.refuted.front();
}

std::string refuted_by(const Defect& defect, const Findings& findings) {
  const RefutedTheorem* const theorem = shown_theorem(defect, findings);
  const std::string& stopped = findings.proofs_stopped;
  if (theorem == nullptr)
    return stopped.empty() ? "no proof" : "no proof, which stopped: " + stopped;
  const std::size_t more = findings.refuted.size() - 1;
  return fmt::format("`{}` in {:.0f} ms{}{}{}", theorem->name, theorem->milliseconds,
                     theorem->compiler.empty() ? "" : " of the program of " + theorem->compiler,
                     more == 0 ? "" : fmt::format(" and {} more", more),
                     stopped.empty() ? "" : "; the proofs stopped: " + stopped);
}

std::string executions_of(const TargetTrials& target) {
  const auto median = target.median_executions();
  if (median) return std::to_string(*median);
  std::uint64_t most = 0;
  for (const Trial& trial : target.trials) most = std::max(most, trial.executions);
  return fmt::format("more than {}", most);
}

// How often each.
std::string kinds_of(const TargetTrials& target) {
  std::map<std::string, unsigned> kinds;
  for (const Trial& trial : target.trials) {
    if (trial.found) ++kinds[trial.kind];
  }
  std::vector<std::string> texts;
  for (const auto& [kind, count] : kinds) texts.push_back(fmt::format("{} {}", kind, count));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string found_by(const TargetTrials& target) {
  const auto count = [&target](Replays replays) {
    return std::ranges::count(target.trials, replays, &Trial::replays);
  };
  const auto in_sequence = count(Replays::in_sequence);
  const auto by_seed = count(Replays::by_seed);
  std::string text =
      fmt::format("{}: {} of {} runs", target.target, target.found(), target.trials.size());
  if (target.trials.size() < target.wanted) text += ", then given up";
  if (target.found() == 0) return text;
  text +=
      fmt::format(", median {} executions ({}), {} of {} replay", executions_of(target),
                  kinds_of(target), count(Replays::alone) + in_sequence + by_seed, target.found());
  if (in_sequence != 0) text += fmt::format(", {} in sequence", in_sequence);
  if (by_seed != 0) text += fmt::format(", {} by its seed", by_seed);
  return text;
}

std::string found_by(const Findings& findings) {
  std::vector<std::string> targets;
  for (const TargetTrials& target : findings.targets) {
    if (target.is_named) targets.push_back(found_by(target));
  }
  return targets.empty() ? "no target" : fmt::format("{}", fmt::join(targets, "; "));
}

// Targets that the patch does not name: "walk 2 of 2 runs, median 4 executions (C1 violated 2);
// nothing by layout, trampoline in 2 runs of 10000 executions each". Empty where none was asked.
std::string found_by_others(const Findings& findings) {
  std::vector<std::string> finders;
  std::vector<std::string> blind;
  std::uint64_t most = 0;
  std::size_t runs = 0;
  for (const TargetTrials& target : findings.targets) {
    if (target.is_named) continue;
    if (target.found() > 0) {
      finders.push_back(fmt::format("{} {} of {} runs, median {} executions ({})", target.target,
                                    target.found(), target.trials.size(), executions_of(target),
                                    kinds_of(target)));
      continue;
    }
    blind.push_back(target.target);
    runs = std::max(runs, target.trials.size());
    for (const Trial& trial : target.trials) most = std::max(most, trial.executions);
  }
  if (!blind.empty()) {
    finders.push_back(fmt::format("nothing by {} in {} runs of {} executions each",
                                  fmt::join(blind, ", "), runs, most));
  }
  return fmt::format("{}", fmt::join(finders, "; "));
}

// Tests and Programs that fail, some of them by name: those that the patch names come first.
std::string failing_elsewhere(const Defect& defect, const Findings& findings) {
  if (!findings.asks_elsewhere) return "not asked";
  if (findings.elsewhere.empty()) return "nothing";
  constexpr std::size_t names_max = 4;
  const auto is_named = [&defect](const std::string& failure) {
    return std::ranges::any_of(defect.failures, [&failure](const std::string& beginning) {
      return failure.starts_with(beginning);
    });
  };
  std::vector<std::string> names;
  std::ranges::copy_if(findings.elsewhere, std::back_inserter(names), is_named);
  std::ranges::copy_if(findings.elsewhere, std::back_inserter(names), std::not_fn(is_named));
  const std::size_t shown = std::min(names.size(), names_max);
  const std::size_t more = names.size() - shown;
  names.resize(shown);
  return fmt::format("{}{}", fmt::join(names, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

TableRow row_of(const Defect& defect, const Findings& findings) {
  if (!findings.could_not_run.empty()) {
    return {defect.name, false, false, "could not run", "", false, {"", ""}};
  }
  const bool has_reason = findings.refuted.empty() && findings.proofs_stopped.empty();
  return {defect.name,
          !findings.refuted.empty(),
          findings.is_found(),
          has_reason ? "none: " + defect.why_not_refuted : refuted_by(defect, findings),
          defect.oracles.empty() ? "none: " + defect.why_not_found : found_by(findings),
          !findings.proofs_stopped.empty(),
          {found_by_others(findings), failing_elsewhere(defect, findings)}};
}

bool has_a_named_target(const Findings& findings) {
  return std::ranges::any_of(findings.targets, &TargetTrials::is_named);
}

bool is_found_by_all_runs(const Findings& findings) {
  return has_a_named_target(findings) &&
         std::ranges::all_of(findings.targets, [](const TargetTrials& target) {
           return !target.is_named || target.found() == target.wanted;
         });
}

bool is_seen_by_tests_alone(const Findings& findings) {
  return findings.refuted.empty() && findings.proofs_stopped.empty() && !findings.is_found() &&
         !findings.elsewhere.empty();
}

// In the middle of the defects, each by its best named target; those never found come last.
std::optional<std::uint64_t> median_over_defects(std::span<const Findings> findings) {
  std::vector<std::uint64_t> medians;
  std::size_t searched = 0;
  for (const Findings& entry : findings) {
    if (!has_a_named_target(entry)) continue;
    ++searched;
    std::optional<std::uint64_t> best;
    for (const TargetTrials& target : entry.targets) {
      if (!target.is_named) continue;
      const auto median = target.median_executions();
      if (median && (!best || *median < *best)) best = median;
    }
    if (best) medians.push_back(*best);
  }
  const std::size_t middle = searched == 0 ? 0 : (searched - 1) / 2;
  if (middle >= medians.size()) return std::nullopt;
  std::ranges::sort(medians);
  return medians[middle];
}

// How many were noticed by what, and who was noticed by nothing.
std::string summary_of(std::span<const Defect> defects, std::span<const Findings> findings) {
  std::vector<std::string> unseen;
  for (std::size_t index = 0; index < findings.size(); ++index) {
    const Findings& entry = findings[index];
    if (entry.could_not_run.empty() && !entry.is_seen()) unseen.push_back(defects[index].name);
  }
  const auto count = [&findings](auto is_counted) {
    return std::ranges::count_if(findings, is_counted);
  };
  const auto failed = count([](const Findings& entry) { return !entry.could_not_run.empty(); });
  std::string end =
      failed == 0 ? "Nothing is seen by nobody" : fmt::format("{} could not run", failed);
  if (!unseen.empty()) end = fmt::format("Seen by nobody: {}", fmt::join(unseen, ", "));
  const auto median = median_over_defects(findings);
  return fmt::format(
      "{} defects: {} refuted by a proof, the proofs stopped for {}; {} of {} that a target is to "
      "see found in all runs, median over them {} executions; {} found by any target; {} seen by "
      "tests alone. {}.\n",
      findings.size(), count([](const Findings& entry) { return !entry.refuted.empty(); }),
      count([](const Findings& entry) { return !entry.proofs_stopped.empty(); }),
      count(is_found_by_all_runs), count(has_a_named_target),
      median ? std::to_string(*median) : "unknown", count(std::mem_fn(&Findings::is_found)),
      count(is_seen_by_tests_alone), end);
}

}  // namespace

std::string line_of(const Defect& defect, const Findings& findings) {
  if (!findings.could_not_run.empty()) {
    return fmt::format("{}: could not run: {}", defect.name, findings.could_not_run);
  }
  std::string text = fmt::format("{}: refuted by {}; found by {}", defect.name,
                                 refuted_by(defect, findings), found_by(findings));
  if (const std::string others = found_by_others(findings); !others.empty()) {
    text += "; others: " + others;
  }
  if (findings.asks_elsewhere) text += "; elsewhere: " + failing_elsewhere(defect, findings);
  return fmt::format("{}; {:.0f} s", text, findings.seconds);
}

std::string table_of(std::span<const Defect> defects, std::span<const Findings> findings) {
  std::vector<TableRow> rows;
  for (std::size_t index = 0; index < findings.size(); ++index) {
    rows.push_back(row_of(defects[index], findings[index]));
  }
  return markdown_table(rows, {"other targets", "elsewhere"}) + "\n" +
         summary_of(defects, findings);
}

}  // namespace fiberproof::verify
