// proofs.txt: the expected theorems, kept by hand. A theorem that vanished, that is not listed, or
// that has another verdict fails the run.
#pragma once

#include "verify/obligation/theorem.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct ExpectedTheorem {
  std::string name;
  Verdict verdict;       ///< proved or refuted
  std::string reason{};  ///< the comment behind it, which says why it is refuted
};

/// One theorem per line, NAME VERDICT; `#` starts a comment. An error names file and line.
[[nodiscard]] std::expected<std::vector<ExpectedTheorem>, std::string> parse_expected(
    std::string_view text, std::string_view path);

/// The expected theorems of the contracts that ran.
std::vector<ExpectedTheorem> of_contracts(const std::vector<ExpectedTheorem>& expected,
                                          const std::vector<ContractResult>& results);

/// Differences between results and expectation, one line each: refutations, then unknowns, then
/// theorems that ran and are not listed, or are listed and did not run. A line begins with the
/// theorem; `list` is what it calls the expectation.
std::vector<std::string> differences(const std::vector<ExpectedTheorem>& expected,
                                     const std::vector<ContractResult>& results,
                                     std::string_view list = "proofs.txt");

}  // namespace fiberproof::verify
