// Why a theorem of the machine fails, for a reader: a shortest run that breaks it, searched for on
// numbers, and the same as a Program. Real stacks tell whether core has the bug or the model alone.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/obligation/theorem.hpp"

#include <optional>
#include <string_view>

namespace fiberproof::verify::model {

/// The story of `theorem`, named without "machine/", in the machine or a mutant of it. Where no run
/// of a few operations breaks it, it says how far was looked: then the invariant may be too weak to
/// show a theorem that holds.
Refutation refutation_of(std::string_view theorem, const std::optional<Mutant>& mutant = {});

}  // namespace fiberproof::verify::model
