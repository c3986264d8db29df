#include "verify/obligation/expected_theorems.hpp"

#include "verify/obligation/plain_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>
#include <map>
#include <sstream>

namespace fiberproof::verify {

std::expected<std::vector<ExpectedTheorem>, std::string> parse_expected(std::string_view text,
                                                                        std::string_view path) {
  std::vector<ExpectedTheorem> expected;
  const auto plain = plain_text(text);
  if (!plain) {
    return std::unexpected(fmt::format("fiberproof: {}:{}", path, text_of(plain.error())));
  }
  std::istringstream lines{*plain};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::size_t comment = std::min(line.find('#'), line.size());
    std::istringstream words(line.substr(0, comment));
    std::string name;
    std::string verdict;
    std::string rest;
    if (!(words >> name)) continue;
    const bool is_complete = words >> verdict && !(words >> rest);
    if (!is_complete || (verdict != "proved" && verdict != "refuted")) {
      return std::unexpected(
          fmt::format("fiberproof: {}:{}: expected NAME and 'proved' or 'refuted'", path, number));
    }
    if (std::ranges::find(expected, name, &ExpectedTheorem::name) != expected.end()) {
      return std::unexpected(
          fmt::format("fiberproof: {}:{}: {} is listed twice", path, number, name));
    }
    const std::size_t reason = std::min(line.find_first_not_of("# ", comment), line.size());
    expected.push_back(
        {name, verdict == "proved" ? Verdict::proved : Verdict::refuted, line.substr(reason)});
  }
  return expected;
}

std::vector<ExpectedTheorem> of_contracts(const std::vector<ExpectedTheorem>& expected,
                                          const std::vector<ContractResult>& results) {
  std::vector<ExpectedTheorem> kept;
  std::ranges::copy_if(expected, std::back_inserter(kept), [&](const ExpectedTheorem& theorem) {
    return std::ranges::any_of(results, [&](const ContractResult& result) {
      return theorem.name.starts_with(result.contract + "/");
    });
  });
  return kept;
}

std::vector<std::string> differences(const std::vector<ExpectedTheorem>& expected,
                                     const std::vector<ContractResult>& results,
                                     std::string_view list) {
  std::map<std::string, Verdict> unseen;
  for (const auto& [name, verdict, reason] : expected) {
    unseen.emplace(name, verdict);  // even if the whole contract has vanished
  }
  std::vector<std::string> refuted;
  std::vector<std::string> unknown;
  std::vector<std::string> others;
  std::vector<std::string> not_reached;
  for (const ContractResult& result : results) {
    for (const Theorem& theorem : result.theorems) {
      const auto entry = unseen.find(theorem.name);
      const bool is_listed = entry != unseen.end();
      if (is_listed && theorem.verdict == entry->second) {
        unseen.erase(entry);
        continue;
      }
      auto& lines = theorem.verdict == Verdict::refuted   ? refuted
                    : theorem.is_not_reached              ? not_reached
                    : theorem.verdict == Verdict::unknown ? unknown
                                                          : others;
      const std::string reason = theorem.verdict == Verdict::unknown ? ": " + theorem.reason : "";
      if (is_listed) {
        lines.push_back(fmt::format("{} is {}, expected {}{}", theorem.name,
                                    name_of(theorem.verdict), name_of(entry->second), reason));
      } else if (theorem.verdict == Verdict::proved) {
        lines.push_back(fmt::format("{} ran, but is not in {}", theorem.name, list));
      } else {
        lines.push_back(fmt::format("{} is {}, and not in {}{}", theorem.name,
                                    name_of(theorem.verdict), list, reason));
      }
      if (is_listed) unseen.erase(entry);
    }
  }
  for (const auto& [name, verdict] : unseen) {
    others.push_back(fmt::format("{} is expected, but did not run", name));
  }
  refuted.insert(refuted.end(), unknown.begin(), unknown.end());
  refuted.insert(refuted.end(), others.begin(), others.end());
  // The theorem that ends the paths gives the reason.
  if (refuted.empty()) return not_reached;
  return refuted;
}

}  // namespace fiberproof::verify
