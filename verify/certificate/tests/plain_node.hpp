// Builds nodes directly, without the constructors of terms, which fold constants.
#pragma once

#include "verify/smt/term.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace fiberproof::verify {

/// Numbered after every node of the constructors and every earlier plain node, so that it may use
/// them.
inline Node plain_node(NodeKind kind, std::uint64_t value, std::vector<const Node*> operands) {
  static std::uint64_t id = std::uint64_t{1} << 63;
  return {kind, value, {}, std::move(operands), id++};
}

}  // namespace fiberproof::verify
