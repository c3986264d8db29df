// Counts the mutants that break each clause of a contract: a clause that none breaks may say
// nothing of the code. Those that are known to stay unbroken are listed with their reason
// (unbroken.txt).
#pragma once

#include "verify/mutation/bytes/judge.hpp"
#include "verify/mutation/listed_reasons.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// A theorem of the code, and how many of the confirmed mutants it refutes.
struct BrokenClause {
  std::string theorem;
  std::size_t mutants = 0;
};

/// In the order of the contract.
std::vector<BrokenClause> broken_clauses(const JudgedRoutine& judged);

/// Each fault on a line: a clause that no mutant breaks and that is not listed; an entry of a
/// clause of this contract that a mutant breaks, or that the contract does not have.
std::vector<std::string> clause_faults(const std::vector<BrokenClause>& clauses,
                                       const ListedReasons& listed);

/// A table: each clause with its count, and the reason where that is none.
std::vector<std::string> clause_table(const std::vector<BrokenClause>& clauses,
                                      const ListedReasons& listed);

}  // namespace fiberproof::verify
