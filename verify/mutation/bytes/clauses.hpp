// What each clause of a contract is good for, counted in mutants: a clause that no mutant breaks
// may say nothing of the code. Those that are known not to be broken are listed with their reason.
#pragma once

#include "verify/mutation/bytes/judge.hpp"

#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// A theorem of the code, and how many of the confirmed mutants it refutes.
struct BrokenClause {
  std::string theorem;
  std::size_t mutants = 0;
};

/// In the order of the contract.
std::vector<BrokenClause> broken_clauses(const JudgedRoutine& judged);

struct UnbrokenClause {
  std::string theorem;
  std::string reason;
};

/// `CONTRACT/CLAUSE reason`, one a line; `#` begins a comment. The error is one line with the
/// place.
std::expected<std::vector<UnbrokenClause>, std::string> parse_unbroken(std::string_view text,
                                                                       std::string_view path);

/// What is wrong: a clause that no mutant breaks and that is not listed; an entry of a clause of
/// this contract that a mutant breaks, or that the contract does not have. Empty where all is well.
std::vector<std::string> clause_faults(const std::vector<BrokenClause>& clauses,
                                       std::span<const UnbrokenClause> listed);

/// A table: each clause with its count, and the reason where that is none.
std::vector<std::string> clause_table(const std::vector<BrokenClause>& clauses,
                                      std::span<const UnbrokenClause> listed);

}  // namespace fiberproof::verify
