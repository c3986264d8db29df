#include "verify/cli/engine_summary.hpp"

#include "verify/cli/wording.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

namespace fiberproof::verify {
namespace {

using Share = std::pair<const char*, std::size_t>;

std::array<Share, 6> shares_of(const ProgramShares& shares) {
  return {{{"switch", shares.switches},
           {"reference", shares.references},
           {"bind", shares.binds},
           {"exception", shares.exceptions},
           {"collection", shares.collections},
           {"entry of the host", shares.enters}}};
}

double rate(std::size_t programs, double seconds) {
  return seconds > 0 ? static_cast<double>(programs) / seconds : 0;
}

std::string table(const EngineCampaign& campaign) {
  std::size_t width = std::string_view("engine").size();
  for (const EngineReport& report : campaign.engines) width = std::max(width, report.name.size());
  std::string text =
      fmt::format("{:{}}  {:<12} {:>9} {:>9} {:>7} {:>7}  {}\n", "engine", width, "version",
                  "programs", "agree", "known", "new", "per second of CPU, of time");
  for (const EngineReport& report : campaign.engines) {
    const std::string version = report.version.empty() ? "?" : report.version;
    if (!report.left_out.empty() && report.programs == 0) {
      text +=
          fmt::format("{:{}}  {:<12} left out: {}\n", report.name, width, version, report.left_out);
      continue;
    }
    text += fmt::format("{:{}}  {:<12} {:>9} {:>9} {:>7} {:>7}  {:.0f}, {:.0f}{}\n", report.name,
                        width, version, report.programs, report.agree, report.disagree(true),
                        report.disagree(false), rate(report.programs, report.usage.cpu_seconds),
                        rate(report.programs, report.usage.wall_seconds),
                        report.left_out.empty() ? "" : "; the rest left out: " + report.left_out);
  }
  return text;
}

std::string contents(const ProgramShares& shares) {
  const std::string not_run =
      shares.without_steps == 0
          ? ""
          : fmt::format("{} not run: no engine can be asked any of its steps\n",
                        counted(shares.without_steps, "program"));
  if (shares.programs == 0) return not_run;
  std::string text =
      not_run +
      fmt::format("{}, {:.1f} steps each; with", counted(shares.programs, "program"),
                  static_cast<double>(shares.steps) / static_cast<double>(shares.programs));
  const char* separator = " ";
  for (const auto& [name, count] : shares_of(shares)) {
    text += fmt::format("{}{} {:.1f} %", std::exchange(separator, ", "), name,
                        100.0 * static_cast<double>(count) / static_cast<double>(shares.programs));
  }
  text += fmt::format(
      "\n  {:.0f} translations a second of CPU, with the programs and their runs on the "
      "reference\n",
      rate(shares.made, shares.making_seconds));
  for (const auto& [kind, count] : shares.left_out) {
    text += fmt::format("  left out in {}: {}\n", counted(count, "program"), kind);
  }
  return text;
}

}  // namespace

std::string finding_line(const EngineReport& report, const EngineFinding& finding) {
  std::string line =
      fmt::format("{}: {}: {}", report.name, finding.signature, counted(finding.count, "program"));
  line += finding.known == nullptr
              ? ", new"
              : fmt::format(", known: {} ({})", finding.known->name, finding.known->ledger);
  if (finding.verdict.is_only_in_batch) line += ", only in a batch";
  if (finding.verdict.is_seen_once) line += ", seen once";
  return line;
}

std::string engine_summary(const EngineCampaign& campaign) {
  std::string text;
  for (const EngineReport& report : campaign.engines) {
    for (const EngineFinding& finding : report.findings) {
      text += finding_line(report, finding) + '\n';
      if (finding.folder.empty()) continue;
      text += fmt::format("  kept in {}, {}\n", finding.folder, counted(finding.steps, "step"));
    }
  }
  if (!text.empty()) text += '\n';
  text += contents(campaign.shares);
  for (const EngineReport& report : campaign.engines) {
    if (report.collected == 0) continue;
    text += fmt::format("  {}: the collector ran in {} of {} that make garbage\n", report.name,
                        counted(report.collected, "program"), campaign.shares.collections);
  }
  return text + '\n' + table(campaign);
}

nlohmann::json to_json(const EngineCampaign& campaign) {
  nlohmann::json engines = nlohmann::json::array();
  for (const EngineReport& report : campaign.engines) {
    nlohmann::json findings = nlohmann::json::array();
    for (const EngineFinding& finding : report.findings) {
      findings.push_back({{"signature", finding.signature},
                          {"count", finding.count},
                          {"known", finding.known == nullptr ? "" : finding.known->name},
                          {"verdict", describe(finding.verdict)},
                          {"origin", finding.origin},
                          {"folder", finding.folder},
                          {"program", print(*finding.program)}});
    }
    engines.push_back({{"name", report.name},
                       {"version", report.version},
                       {"left_out", report.left_out},
                       {"programs", report.programs},
                       {"agree", report.agree},
                       {"collected", report.collected},
                       {"known", report.disagree(true)},
                       {"new", report.disagree(false)},
                       {"cpu_seconds", report.usage.cpu_seconds},
                       {"wall_seconds", report.usage.wall_seconds},
                       {"findings", std::move(findings)}});
  }
  nlohmann::json shares;
  for (const auto& [name, count] : shares_of(campaign.shares)) shares[name] = count;
  return {{"engines", std::move(engines)},
          {"programs", campaign.shares.programs},
          {"shares", std::move(shares)},
          {"made", campaign.shares.made},
          {"making_seconds", campaign.shares.making_seconds},
          {"left_out", campaign.shares.left_out}};
}

}  // namespace fiberproof::verify
