#include "core/bench/report/claims.hpp"

#include <fmt/format.h>

namespace fiberproof::bench {

std::string Judgement::verdict() const {
  if (holds()) return "holds";
  return fmt::format("misses by {:.0f} %", (seen.median / claim.bound - 1) * 100);
}

std::string Judgement::line() const {
  return fmt::format("{}: at most {:.2f}: {:.3f} ({:.3f} to {:.3f}): {}", claim.text, claim.bound,
                     seen.median, seen.least, seen.most, verdict());
}

Judgement judge(const Claim& claim, const Measurements& measurements) {
  return {claim, ratio(*measurements.find(claim.subject), *measurements.find(claim.reference))};
}

}  // namespace fiberproof::bench
