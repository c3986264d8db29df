// Which instances of general facts a query needs. A proof over unboundedly many objects offers a
// thousand instances for a query that follows from ten of them; a solver that is given all of them
// may not come to an end.
//
// What is found here is not trusted: the query with the chosen instances is a plain one, which any
// solver decides again.
#pragma once

#include "verify/smt/query.hpp"

#include <chrono>
#include <vector>

namespace fiberproof::verify {

/// `query` with those of `instances` as further assumptions that its goal follows from, or, where
/// there are none, with all that were tried: a counterexample of that one satisfies every instance,
/// if the time was enough.
Query with_instances(const Query& query, const std::vector<Formula>& instances,
                     std::chrono::milliseconds time_limit);

}  // namespace fiberproof::verify
