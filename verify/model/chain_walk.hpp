// Compares the ghosts of chains with a walk: `chain`, `end` and `depth` of every live record must
// equal what one finds by walking from the innermost stack of each chain to the parent
// (SOUNDNESS.md, D3).
#pragma once

#include "verify/model/machine.hpp"

#include <optional>
#include <string>

namespace fiberproof::verify::model {

/// The first difference between walk and ghosts, or nothing.
std::optional<std::string> walk_against_ghosts(const ConcreteState& state);

}  // namespace fiberproof::verify::model
