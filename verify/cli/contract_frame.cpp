#include "verify/cli/contract_frame.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/wording.hpp"
#include "verify/embedded/embedded.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/frame_conditions.hpp"
#include "verify/smt/query.hpp"

#include <fmt/format.h>
#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>
#include <utility>

namespace fiberproof::verify {
namespace {

using Read = std::expected<Contract, ContractError>;

std::vector<Read> contracts_of(const std::vector<std::string>& paths) {
  std::vector<Read> contracts;
  for (const std::string& path : paths) contracts.push_back(read_contract(path));
  if (!paths.empty()) return contracts;
  for (const auto& [path, text] : embedded_contracts()) {
    contracts.push_back(parse_contract(text, std::string(path)));
  }
  return contracts;
}

// Parts at one point that have the same reason, on one line.
void print_open(const std::vector<OpenPart>& open) {
  for (std::size_t index = 0; index < open.size();) {
    const OpenPart& first = open[index];
    std::string parts = first.part;
    for (++index; index < open.size() && open[index].point == first.point &&
                  open[index].rule == first.rule && open[index].reason == first.reason;
         ++index) {
      parts += ", " + open[index].part;
    }
    if (first.reason.empty()) {
      fmt::print("  {}: {}: no reason\n", first.point, parts);
    } else {
      fmt::print("  {}: {}: {} {}\n", first.point, parts, first.rule, first.reason);
    }
  }
}

nlohmann::json to_json(const Contract& contract, const FrameConditions& found) {
  nlohmann::json open = nlohmann::json::array();
  for (const auto& [point, part, rule, reason] : found.open) {
    open.push_back({{"point", point}, {"part", part}, {"rule", rule}, {"reason", reason}});
  }
  return {{"contract", contract.name},  {"claimed", found.claimed},     {"open", std::move(open)},
          {"unneeded", found.unneeded}, {"undecided", found.undecided}, {"unread", found.unread}};
}

ExitStatus list_one(const Contract& contract, Solver& solver, nlohmann::json& results) {
  if (has_no_frame(contract)) {
    fmt::print("{}: {}\n", contract.name,
               contract.runs.empty() ? "a lemma, which runs no code"
                                     : "a claim of live registers alone, which writes nothing");
    return ExitStatus::ok;
  }
  const auto found = frame_conditions(contract, solver);
  if (!found) {
    complain(found.error());
    return ExitStatus::could_not_run;
  }
  std::size_t without_reason = 0;
  for (const OpenPart& part : found->open) without_reason += part.reason.empty() ? 1 : 0;
  fmt::print("{}: {} claimed, {} open, {} of them without a reason\n", contract.name,
             counted(found->claimed, "part"), found->open.size(), without_reason);
  print_open(found->open);
  for (const std::string& line : found->unread) fmt::print("  claims nothing, {}\n", line);
  for (const std::string& line : found->unneeded) complain(line);
  for (const std::string& line : found->undecided) {
    complain(fmt::format("{}: {}", contract.path, line));
  }
  results["contracts"].push_back(to_json(contract, *found));
  if (!found->undecided.empty()) return ExitStatus::could_not_run;
  const bool holds = without_reason == 0 && found->unneeded.empty();
  return holds ? ExitStatus::ok : ExitStatus::failed;
}

}  // namespace

ExitStatus list_frame_conditions(const std::vector<std::string>& paths, nlohmann::json& results) {
  ExitStatus status = ExitStatus::ok;
  const auto solver = make_remembering_solver(make_z3_solver(std::chrono::seconds(10)));
  for (const Read& contract : contracts_of(paths)) {
    if (!contract) {
      complain(message(contract.error()));
      status = ExitStatus::could_not_run;
      continue;
    }
    status = worse(status, list_one(*contract, *solver, results));
  }
  return status;
}

}  // namespace fiberproof::verify
