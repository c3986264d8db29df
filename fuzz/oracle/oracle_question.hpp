// How the oracles of several words ask: each counts its question and reports the first word that is
// wrong.
#pragma once

#include "fuzz/oracle/same.hpp"

#include <algorithm>

namespace fiberproof::fuzz::oracle {

[[nodiscard]] inline Verdict untouched(SpecId id, const char* what, std::span<const Span> watched) {
  asked(id);
  for (const Span span : watched) {
    if (const auto address = first_touched(span)) {
      return Violation{id, what, pattern_at(*address), read_word(*address)};
    }
  }
  return std::nullopt;
}

[[nodiscard]] inline Verdict is_after_a_switch(
    SpecId id, std::uint64_t address, std::span<const std::uint64_t> addresses_after_switches) {
  if (std::ranges::find(addresses_after_switches, address) != addresses_after_switches.end()) {
    return std::nullopt;
  }
  return Violation{id, "resume address: after a switch of this program",
                   addresses_after_switches.empty() ? 0 : addresses_after_switches.front(),
                   address};
}

/// The args buffer's lowest address, or null where it is empty (L3).
std::uint64_t buffer_of(const LayoutRequest& request);

}  // namespace fiberproof::fuzz::oracle
