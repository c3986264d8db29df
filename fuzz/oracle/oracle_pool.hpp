// The oracle of stack pools.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <cstdint>

namespace fiberproof::fuzz::oracle {

/// A pool keeps at most `kept_max` stacks, and the one that was released last (C7).
Verdict c7_kept(std::uint64_t kept_max, std::uint64_t got);

}  // namespace fiberproof::fuzz::oracle
