// The ghosts of chains against a walk: `chain`, `end` and `depth` of every live record are what one
// finds by going from the innermost stack of each chain to the parent (SOUNDNESS.md, D3).
#pragma once

#include "verify/model/machine.hpp"

#include <optional>
#include <string>

namespace fiberproof::verify::model {

/// What a walk finds otherwise than the ghosts say, or nothing.
std::optional<std::string> walk_against_ghosts(const ConcreteState& state);

}  // namespace fiberproof::verify::model
