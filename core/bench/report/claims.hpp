// The claims of the benchmark: upper bounds of ratios within one run. The report states and judges
// them; no test fails by them, since a shared machine may be slow for a while.
#pragma once

#include "core/bench/report/measurements.hpp"

#include <array>
#include <string>
#include <string_view>

namespace fiberproof::bench {

struct Claim {
  std::string_view text;
  std::string_view subject;    ///< ROW/CONTENDER
  std::string_view reference;  ///< ROW/CONTENDER
  double bound;                ///< of subject over reference
};

inline constexpr std::array all_claims{
    Claim{"bare switch, of Boost fcontext", "switch/stack_switch", "switch/fcontext", 0.20},
    Claim{"bare switch, of two indirect jumps", "switch/stack_switch", "switch/indirect_jumps", 3},
    Claim{"resume and suspend, of the bare switch", "resume_suspend/fiberproof",
          "switch/stack_switch", 4},
    Claim{"create, run and destroy on a pooled stack through the API, of Boost fcontext",
          "create_pooled/fiberproof", "create_pooled/fcontext", 0.40},
    Claim{"the same with the bare layout and switch", "create_pooled/stack_switch",
          "create_pooled/fcontext", 0.40},
    Claim{"create, run and destroy on a fresh stack, of the mapping alone",
          "create_fresh/fiberproof", "create_fresh/mapping", 1.05},
    Claim{"4,096 fibers on staggered stacks through the API, of the same not staggered",
          "round_robin_4096/fiberproof_staggered", "round_robin_4096/fiberproof", 0.60},
    Claim{"the same with the bare switch", "round_robin_4096/stack_switch_staggered",
          "round_robin_4096/stack_switch", 0.60},
};

struct Judgement {
  Claim claim;
  Spread seen;

  bool holds() const { return seen.median <= claim.bound; }

  /// "holds", or "misses" and by what part of the bound.
  std::string verdict() const;

  /// `claim: bound: seen: verdict`.
  std::string line() const;
};

Judgement judge(const Claim& claim, const Measurements& measurements);

}  // namespace fiberproof::bench
