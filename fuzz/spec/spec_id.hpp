// The ids of the rules that the fuzz oracles check. verify/SPEC.md states the rules.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberproof::fuzz {

enum class SpecId : std::uint8_t {
  L1,
  L2,
  L3,
  L4,
  L5,
  L6,
  L7,
  L8,
  S1,
  S2,
  S3,
  S4,
  S5,
  T1,
  T2,
  T3,
  T4,
  T5,
  T6,
  T7,
  F1,
  F2,
  F3,
  E1,
  C1,
  C2,
  C3,
  C4,
  C5,
  C6,
  C7,
  C8,
};

inline constexpr std::array<std::string_view, 32> spec_id_names = {
    "L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "S1", "S2", "S3", "S4", "S5", "T1", "T2", "T3",
    "T4", "T5", "T6", "T7", "F1", "F2", "F3", "E1", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"};

static_assert(static_cast<std::size_t>(SpecId::C8) + 1 == spec_id_names.size());

constexpr std::string_view name_of(SpecId id) {
  return spec_id_names[static_cast<std::size_t>(id)];
}

constexpr std::optional<SpecId> spec_id_of(std::string_view name) {
  for (std::size_t index = 0; index < spec_id_names.size(); ++index) {
    if (spec_id_names[index] == name) {
      return static_cast<SpecId>(index);
    }
  }
  return std::nullopt;
}

}  // namespace fiberproof::fuzz
