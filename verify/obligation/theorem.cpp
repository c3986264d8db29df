#include "verify/obligation/theorem.hpp"

#include <fmt/format.h>

namespace fiberproof::verify {

std::string text_of(const ListedStep& step) {
  return fmt::format("{}{}{}{}", step.place, step.place.empty() ? "" : "  ", step.text,
                     step.is_wrong ? "   <- wrong" : "");
}

std::string text_of(const MemoryRow& row) {
  const bool is_below = row.distance >> 63 != 0;
  return fmt::format("{:#018x}  {}{}{:#x}  {} bytes = {}{}{}", row.address, row.base,
                     is_below ? "-" : "+",
                     is_below ? std::uint64_t{0} - row.distance : row.distance, row.bytes,
                     row.value ? fmt::format("{:#x}", *row.value) : "?",
                     row.slot.empty() ? "" : "  " + row.slot, row.is_wrong ? "   <- wrong" : "");
}

std::string decided_by(const Theorem& theorem) {
  if (theorem.obligations == 0) return "not reached";
  if (theorem.asked == 0) return "by execution";
  if (theorem.time.count() == 0) return "as before";
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(theorem.time).count());
}

}  // namespace fiberproof::verify
