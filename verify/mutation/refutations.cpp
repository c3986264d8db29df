#include "verify/mutation/refutations.hpp"

#include "verify/embedded/embedded.hpp"
#include "verify/mutation/changed_tree.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/process/process.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

namespace fiberproof::verify {
namespace {

constexpr std::string_view set_of_the_model = "machine";

// The contracts that this project has no code of.
std::set<std::string> names_of_others() {
  std::set<std::string> names;
  for (const auto& [path, text] : embedded_contracts()) {
    const auto contract = parse_contract(text, std::string(path));
    if (contract && contract->owner != CodeOwner::anybody) names.insert(contract->name);
  }
  return names;
}

// The contracts and sets that are about a program.
std::set<std::string> names_of(const std::vector<ExpectedTheorem>& expected) {
  const std::set<std::string> of_others = names_of_others();
  std::set<std::string> names;
  for (const ExpectedTheorem& theorem : expected) {
    const std::string name = theorem.name.substr(0, theorem.name.find('/'));
    if (name != set_of_the_model && !of_others.contains(name)) names.insert(name + '/');
  }
  return names;
}

}  // namespace

std::expected<Refutations, std::string> refutations_of(const std::string& command,
                                                       const std::vector<ExpectedTheorem>& expected,
                                                       const std::string& program,
                                                       const std::string& folder) {
  const std::string file = folder + "/proofs.json";
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  std::vector<std::string> arguments{command, "--json", file, "prove"};
  for (const std::string& name : names_of(expected)) arguments.push_back(name);
  arguments.insert(arguments.end(),
                   {"--object", program, "--counterexamples", folder + "/counterexamples"});
  std::string complaint;
  const ProcessEnd end = run_process(arguments, {}, [&complaint](const std::string& line) {
    if (line.starts_with("fiberproof: ") || line.find("because") != line.npos) complaint = line;
  });
  if (end.interrupted) return std::unexpected(std::string(interrupted));
  if (!end.started) return std::unexpected(fmt::format("{}: {}", command, end.why_not_started));

  Refutations refutations;
  std::ifstream stream(file);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  if (json.is_discarded() || !json.contains("theorems")) {
    refutations.stopped =
        complaint.empty() ? fmt::format("exit status {}", end.exit_code) : complaint;
    return refutations;
  }
  for (const auto& theorem : json.at("theorems")) {
    const auto name = theorem.at("name").get<std::string>();
    const auto verdict = theorem.at("verdict").get<std::string>();
    const auto entry = std::ranges::find(expected, name, &ExpectedTheorem::name);
    const bool is_new = entry == expected.end() || entry->verdict != Verdict::refuted;
    if (verdict == name_of(Verdict::refuted) && is_new) {
      refutations.theorems.push_back({name, theorem.at("milliseconds").get<double>()});
    } else if (verdict == name_of(Verdict::unknown)) {
      refutations.stopped = complaint;
    }
  }
  return refutations;
}

}  // namespace fiberproof::verify
