#include "verify/mutation/bytes/clauses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace fiberproof::verify {
namespace {

std::string_view contract_of(std::string_view theorem) {
  return theorem.substr(0, theorem.find('/'));
}

}  // namespace

std::vector<BrokenClause> broken_clauses(const JudgedRoutine& judged) {
  std::vector<BrokenClause> clauses;
  for (const std::string& theorem : judged.theorems) {
    const auto breaks = [&theorem](const JudgedMutant& mutant) {
      return mutant.verdict == MutantVerdict::refuted && mutant.broken.contains(theorem);
    };
    clauses.push_back(
        {theorem, static_cast<std::size_t>(std::ranges::count_if(judged.mutants, breaks))});
  }
  return clauses;
}

std::expected<std::vector<UnbrokenClause>, std::string> parse_unbroken(std::string_view text,
                                                                       std::string_view path) {
  std::vector<UnbrokenClause> listed;
  std::istringstream lines{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    UnbrokenClause entry;
    if (!(words >> entry.theorem)) continue;
    std::getline(words >> std::ws, entry.reason);
    if (entry.reason.empty() || !entry.theorem.contains('/')) {
      return std::unexpected(
          fmt::format("fiberproof: {}:{}: expected CONTRACT/CLAUSE and a reason", path, number));
    }
    if (std::ranges::find(listed, entry.theorem, &UnbrokenClause::theorem) != listed.end()) {
      return std::unexpected(
          fmt::format("fiberproof: {}:{}: {} is listed twice", path, number, entry.theorem));
    }
    listed.push_back(std::move(entry));
  }
  return listed;
}

std::vector<std::string> clause_faults(const std::vector<BrokenClause>& clauses,
                                       std::span<const UnbrokenClause> listed) {
  std::vector<std::string> faults;
  for (const BrokenClause& clause : clauses) {
    const bool is_listed =
        std::ranges::find(listed, clause.theorem, &UnbrokenClause::theorem) != listed.end();
    if (clause.mutants == 0 && !is_listed) {
      faults.push_back(clause.theorem + ": no mutant breaks it, and it is not listed");
    }
    if (clause.mutants != 0 && is_listed) {
      faults.push_back(fmt::format("{}: listed as unbroken, and {} mutants break it",
                                   clause.theorem, clause.mutants));
    }
  }
  for (const UnbrokenClause& entry : listed) {
    const bool is_of_contract =
        !clauses.empty() && contract_of(entry.theorem) == contract_of(clauses.front().theorem);
    if (is_of_contract &&
        std::ranges::find(clauses, entry.theorem, &BrokenClause::theorem) == clauses.end()) {
      faults.push_back(entry.theorem + ": listed, and the contract has no such clause");
    }
  }
  return faults;
}

std::vector<std::string> clause_table(const std::vector<BrokenClause>& clauses,
                                      std::span<const UnbrokenClause> listed) {
  std::vector<std::string> lines;
  for (const BrokenClause& clause : clauses) {
    std::string line = fmt::format("  {:4} mutants break {}", clause.mutants, clause.theorem);
    const auto entry = std::ranges::find(listed, clause.theorem, &UnbrokenClause::theorem);
    if (clause.mutants == 0) {
      line += entry == listed.end() ? ": NOT LISTED" : ": " + entry->reason;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace fiberproof::verify
