// Explains to a reader why a theorem of the machine fails: a shortest run that breaks it, found by
// search on numbers, and the same run as a Program. Real stacks tell whether core has the bug or
// only the model.
#pragma once

#include "verify/model/effect.hpp"
#include "verify/obligation/theorem.hpp"

#include <optional>
#include <string_view>

namespace fiberproof::verify::model {

/// The story of `theorem`, named without "machine/", in the machine or a mutant of it. If no short
/// run breaks it, the story says how far the search went: then the invariant may be too weak for a
/// theorem that holds.
Refutation refutation_of(std::string_view theorem, const std::optional<Mutant>& mutant = {});

}  // namespace fiberproof::verify::model
