// Asks `fiberproof prove` about a program, as its users do.
#pragma once

#include "verify/mutation/findings.hpp"
#include "verify/obligation/expected_theorems.hpp"

#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct Refutations {
  std::vector<RefutedTheorem> theorems;  ///< refuted here, and expected to be proved
  /// Where some have no verdict: how many, the first of them, and why. A theorem that is unknown
  /// has none, and neither has one whose contract finds no code that it can read; one that no path
  /// reaches because a theorem before it is refuted is left out.
  std::string stopped;
};

/// Returns which of the `expected` theorems about machine code and unwind information `program`
/// refutes, and whether each got a verdict. Theorems of the model are left out: they are about no
/// program. A contract that stops does not keep the others from being asked. Files go into
/// `folder`. The error says why `command` could not be run.
[[nodiscard]] std::expected<Refutations, std::string> refutations_of(
    const std::string& command, const std::vector<ExpectedTheorem>& expected,
    const std::string& program, const std::string& folder);

}  // namespace fiberproof::verify
