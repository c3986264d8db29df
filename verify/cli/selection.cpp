#include "verify/cli/selection.hpp"

#include "verify/cli/suggestion.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <set>

namespace fiberproof::verify {
namespace {

// Letters, then a number.
bool is_rule_id(std::string_view name) {
  const auto is_letter = [](unsigned char byte) { return std::isupper(byte) != 0; };
  const auto is_digit = [](unsigned char byte) { return std::isdigit(byte) != 0; };
  const auto number = std::ranges::find_if_not(name, is_letter);
  return number != name.begin() && number != name.end() &&
         std::all_of(number, name.end(), is_digit);
}

bool selects(std::string_view name, std::string_view theorem) {
  return theorem.starts_with(name) || (is_rule_id(name) && rule_of_theorem(theorem) == name);
}

bool selects_contract(std::string_view name, const TheoremNames& contract) {
  const std::string prefix = contract.contract + "/";
  if (name.starts_with(prefix) || prefix.starts_with(name)) return true;
  return is_rule_id(name) && std::ranges::any_of(contract.theorems, [name](const auto& theorem) {
           return rule_of_theorem(theorem) == name;
         });
}

// What a misspelt name may have meant: a contract, a rule, a contract's rule, or a theorem.
std::vector<std::string> candidates(std::span<const TheoremNames> known) {
  std::set<std::string> rules;
  std::vector<std::string> names;
  std::vector<std::string> theorems;
  for (const TheoremNames& contract : known) {
    names.push_back(contract.contract);
    for (const std::string& theorem : contract.theorems) {
      theorems.push_back(theorem);
      const std::string rule(rule_of_theorem(theorem));
      if (rule.empty()) continue;
      rules.insert(rule);
      theorems.push_back(theorem.substr(0, theorem.rfind('/') + 1) + rule);
    }
  }
  names.insert(names.end(), rules.begin(), rules.end());
  names.insert(names.end(), theorems.begin(), theorems.end());
  return names;
}

}  // namespace

std::string_view rule_of_theorem(std::string_view theorem) {
  const std::string_view label = theorem.substr(theorem.rfind('/') + 1);
  const std::size_t dot = label.find('.');
  return dot == label.npos ? std::string_view() : label.substr(0, dot);
}

TheoremNames theorem_names_of(const Contract& contract) {
  TheoremNames names{contract.name, {}};
  const auto add = [&names](std::string_view part, std::string_view rule, std::string_view label) {
    std::string name =
        fmt::format("{}/{}{}{}{}", names.contract, part, rule, rule.empty() ? "" : ".", label);
    if (std::ranges::find(names.theorems, name) == names.theorems.end()) {
      names.theorems.push_back(std::move(name));
    }
  };
  const auto add_clauses = [&add](std::string_view part, const std::vector<Clause>& clauses) {
    for (const Clause& clause : clauses) add(part, clause.spec_id, clause.label);
  };
  const bool has_code = !contract.runs.empty();
  for (const std::string_view part : {"model/", ""}) {
    if (!part.empty() && contract.model.empty()) continue;
    add(part, "", "assumptions_can_be_met");
    add_clauses(part, contract.exits);
    if (!contract.modifies.empty()) add(part, contract.modifies.front().spec_id, "modifies");
    if (part.empty() && has_code) add(part, "", "every_path_leaves");
    if (has_code) add(part, "", "every_access_is_in_its_region");
  }
  for (const Run& run : contract.runs) add_clauses("", run.arrivals);
  for (const CallDeclaration& call : contract.calls) {
    add_clauses("", call.clauses);
    add("", "", call.never_called ? call.name + "_is_never_called" : "every_call_is_made");
  }
  return names;
}

bool Selection::takes_contract(const TheoremNames& contract) const {
  return is_of_all() || std::ranges::any_of(names_, [&contract](const std::string& name) {
           return selects_contract(name, contract);
         });
}

bool Selection::names_contract(std::string_view contract) const {
  return std::ranges::any_of(names_, [contract](const std::string& name) {
    return std::string_view(name).starts_with(contract);
  });
}

bool Selection::takes(std::string_view theorem) const {
  return is_of_all() || std::ranges::any_of(names_, [theorem](const std::string& name) {
           return selects(name, theorem);
         });
}

std::vector<std::string> Selection::complaints(std::span<const TheoremNames> known,
                                               std::span<const std::string> rules) const {
  std::vector<std::string> lines;
  for (const std::string& name : names_) {
    if (name.empty()) {
      lines.emplace_back("'' is not a theorem's name: leave it out to prove all");
      continue;
    }
    const bool is_known = std::ranges::any_of(known, [&name](const TheoremNames& contract) {
      return std::ranges::any_of(contract.theorems, [&name](const std::string& theorem) {
        return selects(name, theorem);
      });
    });
    if (is_known) continue;
    if (std::ranges::find(rules, name) != rules.end()) {
      lines.push_back(fmt::format("no theorem concerns rule {}: the fuzz targets check it", name));
      continue;
    }
    lines.push_back(fmt::format("no theorem, contract or rule is called '{}'{}", name,
                                did_you_mean(name, candidates(known))));
  }
  return lines;
}

std::vector<std::string> Selection::without_theorem(std::span<const std::string> decided) const {
  std::vector<std::string> lines;
  for (const std::string& name : names_) {
    const bool is_decided = std::ranges::any_of(
        decided, [&name](const std::string& theorem) { return selects(name, theorem); });
    if (!is_decided) lines.push_back(fmt::format("'{}' selects no theorem that was decided", name));
  }
  return lines;
}

}  // namespace fiberproof::verify
