#include "verify/mutation/bytes/clauses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

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

std::vector<std::string> clause_faults(const std::vector<BrokenClause>& clauses,
                                       const ListedReasons& listed) {
  std::vector<std::string> faults;
  for (const BrokenClause& clause : clauses) {
    const bool is_listed = listed.contains(clause.theorem);
    if (clause.mutants == 0 && !is_listed) {
      faults.push_back(clause.theorem + ": no mutant breaks it, and it is not listed");
    }
    if (clause.mutants != 0 && is_listed) {
      faults.push_back(fmt::format("{}: listed as unbroken, and {} mutants break it",
                                   clause.theorem, clause.mutants));
    }
  }
  for (const auto& [theorem, entry] : listed) {
    const bool is_of_contract =
        !clauses.empty() && contract_of(theorem) == contract_of(clauses.front().theorem);
    if (is_of_contract &&
        std::ranges::find(clauses, theorem, &BrokenClause::theorem) == clauses.end()) {
      faults.push_back(theorem + ": listed, and the contract has no such clause");
    }
  }
  return faults;
}

std::vector<std::string> clause_table(const std::vector<BrokenClause>& clauses,
                                      const ListedReasons& listed) {
  std::vector<std::string> lines;
  for (const BrokenClause& clause : clauses) {
    std::string line = fmt::format("  {:4} mutants break {}", clause.mutants, clause.theorem);
    const auto entry = listed.find(clause.theorem);
    if (clause.mutants == 0) {
      line += entry == listed.end() ? ": NOT LISTED" : ": " + entry->second.reason;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace fiberproof::verify
