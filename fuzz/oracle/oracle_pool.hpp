// The oracle of the pools that stacks come from: a store's and a run's own.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <cstdint>

namespace fiberproof::fuzz::oracle {

/// A pool keeps no more stacks than it was told, and the one that was released last (C7).
Verdict c7_kept(std::uint64_t kept_max, std::uint64_t got);

}  // namespace fiberproof::fuzz::oracle
