// The oracle of the pools that stacks come from, for runs of either language.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <cstdint>

namespace fiberproof::fuzz::oracle {

/// A pool keeps no more stacks than it was told, and the one that was released last (C7).
Verdict c7_kept(std::uint64_t kept_max, std::uint64_t got);

}  // namespace fiberproof::fuzz::oracle
