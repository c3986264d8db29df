// proofs.txt: the theorems that we expect, kept by hand. A theorem that vanished, or that ran and
// is not expected, or that has another verdict fails the run.
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

/// One theorem a line, NAME VERDICT, `#` starts a comment. An error names file and line.
std::expected<std::vector<ExpectedTheorem>, std::string> parse_expected(std::string_view text,
                                                                        std::string_view path);

/// Those of them that are about the contracts that ran.
std::vector<ExpectedTheorem> of_contracts(const std::vector<ExpectedTheorem>& expected,
                                          const std::vector<ContractResult>& results);

/// How the results differ from what is expected, one line each: refutations, then what is unknown,
/// then what ran and is not listed or is listed and did not run. A line begins with the theorem.
std::vector<std::string> differences(const std::vector<ExpectedTheorem>& expected,
                                     const std::vector<ContractResult>& results);

}  // namespace fiberproof::verify
