// Whether a routine and a mutant of it do the same, decided by a solver: from one beginning, every
// path of the one against every path of the other.
//
// Compared is all that a contract is about: where control resumes, RSP, RBP and RDI there, what a
// callee is given (the registers of its arguments, RSP, and those that it keeps), and all of
// memory and the modes at the call and at the end. All other registers are lost at a call
// (psABI 3.2.1) and at a switch (SPEC.md, S4): nothing reads them.
#pragma once

#include "verify/obligation/contract.hpp"
#include "verify/smt/query.hpp"
#include "verify/x86/paths.hpp"

#include <cstdint>
#include <expected>
#include <string>

namespace fiberproof::verify {

struct Equivalence {
  Verdict verdict = Verdict::unknown;
  std::string reason;  ///< why they are the same, or what differs
};

/// Both at addresses as the contract's run has them; `callee` is where a direct call goes. In the
/// general case of the contract, and in each alias.
[[nodiscard]] std::expected<Equivalence, std::string> compare(const Contract& contract,
                                                              const Code& original,
                                                              const Code& mutant,
                                                              std::uint64_t callee, Solver& solver);

}  // namespace fiberproof::verify
