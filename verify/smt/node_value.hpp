// The value of one node, for constant folding and for evaluation.
#pragma once

#include "verify/smt/term.hpp"

#include <cstdint>
#include <span>

namespace fiberproof::verify {

/// The value of a node that is not a variable, from the values of its operands.
std::uint64_t value_of(const Node& node, std::span<const std::uint64_t> operand);

}  // namespace fiberproof::verify
