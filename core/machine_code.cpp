#include "core/machine_code.hpp"

#include <cstdint>

// Section bounds, which the linker defines for sections whose names are C identifiers.
extern "C" {
extern const std::byte __start_fiberproof_text[];
extern const std::byte __stop_fiberproof_text[];

struct SwitchSite {
  std::int32_t start_from_here;  ///< the site's first byte minus the address of this field
  std::uint32_t bytes;
};
extern const SwitchSite __start_fiberproof_switch_sites[];
extern const SwitchSite __stop_fiberproof_switch_sites[];
}

namespace fiberproof {

std::span<const std::byte> routine_bytes() {
  return {__start_fiberproof_text, __stop_fiberproof_text};
}

std::vector<std::span<const std::byte>> switch_site_bytes() {
  std::vector<std::span<const std::byte>> sites;
  for (const SwitchSite* site = __start_fiberproof_switch_sites;
       site != __stop_fiberproof_switch_sites; ++site) {
    const auto* const here = reinterpret_cast<const std::byte*>(&site->start_from_here);
    sites.emplace_back(here + site->start_from_here, site->bytes);
  }
  return sites;
}

}  // namespace fiberproof
