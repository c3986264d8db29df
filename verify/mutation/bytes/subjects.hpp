// The routines whose mutants are judged, each with the contract that says what it is for.
#pragma once

#include "verify/mutation/bytes/judge.hpp"

#include <expected>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Both trampolines and the first site of stack_switch; `contracts` must outlive the result. The
/// error is one line: one of them or its contract is missing.
[[nodiscard]] std::expected<std::vector<MutatedRoutine>, std::string> mutated_routines(
    const ObjectFile& file, std::span<const Contract> contracts);

}  // namespace fiberproof::verify
