#include "verify/obligation/theorem.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {

std::string decided_by(const Theorem& theorem) {
  if (theorem.obligations == 0) return "not reached";
  if (theorem.asked == 0) return "by execution";
  if (theorem.time.count() == 0) return "as before";
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(theorem.time).count());
}

}  // namespace fiberproof::verify
