// Selects the instances of general facts that a query needs. A proof over unboundedly many objects
// offers a thousand instances for a query that follows from ten; a solver that gets all of them may
// never finish.
//
// The selection is not trusted: the query with the selected instances is a plain query, which any
// solver decides again.
#pragma once

#include "verify/smt/query.hpp"

#include <chrono>
#include <vector>

namespace fiberproof::verify {

/// Adds to `query`, as assumptions, those of `instances` from which its goal follows. If there are
/// none, adds all that were tried: then a counterexample satisfies every instance, if the time was
/// enough.
Query with_instances(const Query& query, const std::vector<Formula>& instances,
                     std::chrono::milliseconds time_limit);

}  // namespace fiberproof::verify
