#include "verify/mutation/defects/hunt_table.hpp"

#include "verify/mutation/table.hpp"

#include <fmt/format.h>
#include <algorithm>
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
  if (theorem == nullptr) {
    return findings.proofs_stopped.empty() ? "no proof"
                                           : "no proof, which stopped: " + findings.proofs_stopped;
  }
  const std::size_t more = findings.refuted.size() - 1;
  return fmt::format("`{}` in {:.0f} ms{}", theorem->name, theorem->milliseconds,
                     more == 0 ? "" : fmt::format(" and {} more", more));
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
  for (const TargetTrials& target : findings.targets) targets.push_back(found_by(target));
  return targets.empty() ? "no target" : fmt::format("{}", fmt::join(targets, "; "));
}

TableRow row_of(const Defect& defect, const Findings& findings) {
  if (!findings.could_not_run.empty()) return {defect.name, false, false, "could not run", ""};
  const bool is_found = std::ranges::any_of(
      findings.targets, [](const TargetTrials& target) { return target.found() > 0; });
  const bool has_reason = findings.refuted.empty() && findings.proofs_stopped.empty();
  return {defect.name, !findings.refuted.empty(), is_found,
          has_reason ? "none: " + defect.why_not_refuted : refuted_by(defect, findings),
          findings.targets.empty() ? "none: " + defect.why_not_found : found_by(findings)};
}

bool is_found_by_all_runs(const Findings& findings) {
  return !findings.targets.empty() &&
         std::ranges::all_of(findings.targets, [](const TargetTrials& target) {
           return target.found() == target.wanted;
         });
}

// In the middle of the defects, each by its best target; those never found come last.
std::optional<std::uint64_t> median_over_defects(std::span<const Findings> findings) {
  std::vector<std::uint64_t> medians;
  std::size_t searched = 0;
  for (const Findings& entry : findings) {
    if (entry.targets.empty()) continue;
    ++searched;
    std::optional<std::uint64_t> best;
    for (const TargetTrials& target : entry.targets) {
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

}  // namespace

std::string line_of(const Defect& defect, const Findings& findings) {
  if (!findings.could_not_run.empty()) {
    return fmt::format("{}: could not run: {}", defect.name, findings.could_not_run);
  }
  return fmt::format("{}: refuted by {}; found by {}; {:.0f} s", defect.name,
                     refuted_by(defect, findings), found_by(findings), findings.seconds);
}

std::string table_of(std::span<const Defect> defects, std::span<const Findings> findings) {
  std::vector<TableRow> rows;
  for (std::size_t index = 0; index < findings.size(); ++index) {
    rows.push_back(row_of(defects[index], findings[index]));
  }
  const auto refuted =
      std::ranges::count_if(findings, [](const Findings& entry) { return !entry.refuted.empty(); });
  const auto searched =
      std::ranges::count_if(findings, [](const Findings& entry) { return !entry.targets.empty(); });
  const auto found = std::ranges::count_if(findings, is_found_by_all_runs);
  const auto median = median_over_defects(findings);
  return markdown_table(rows) +
         fmt::format(
             "\n{} defects: {} refuted by a proof; {} of {} that a target is to see found "
             "in all runs, median over them {} executions.\n",
             findings.size(), refuted, found, searched,
             median ? std::to_string(*median) : "unknown");
}

}  // namespace fiberproof::verify
