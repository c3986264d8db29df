// What the proofs say of a program: asked of `fiberproof prove`, as its users do.
#pragma once

#include "verify/mutation/defects/findings.hpp"

#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

struct Refutations {
  std::vector<RefutedTheorem> theorems;  ///< refuted here, and expected to be proved
  std::string stopped;                   ///< what the proofs could not go on from, if so
};

/// Of the theorems about machine code and unwind information, those that `program` refutes. The
/// model's are not asked: they are about no program. Files go into `folder`. The error says why
/// `command` could not be run.
std::expected<Refutations, std::string> refutations_of(const std::string& command,
                                                       const std::string& program,
                                                       const std::string& folder);

}  // namespace fiberproof::verify
