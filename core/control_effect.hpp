// Control effects: the message of a switch to the stack that it switches to, packed into the one
// payload word that travels in RDI (SPEC.md, Control effects). Encoding and decoding are inverse
// for every discriminant and every u32 index (E1).
#pragma once

#include <cstdint>
#include <optional>

namespace fiberproof {

struct ControlEffect {
  enum class Discriminant : std::uint32_t {
    return_ = 0,
    resume = 1,
    suspend = 2,
    switch_ = 3,
    trap = 4,
    resume_throw = 5,
  };

  Discriminant discriminant;
  std::uint32_t handler_index = 0;  ///< the suspend handler's index; 0 for every other effect

  friend bool operator==(const ControlEffect&, const ControlEffect&) = default;
};

/// Position of the discriminant in the payload word, in bits.
inline constexpr unsigned discriminant_shift = 32;

/// The payload word: discriminant · 2³² + handler index.
constexpr std::uint64_t encode(ControlEffect effect) {
  return std::uint64_t{static_cast<std::uint32_t>(effect.discriminant)} << discriminant_shift |
         effect.handler_index;
}

/// The effect that `payload` encodes, or nothing if its discriminant is none of the six.
[[nodiscard]] constexpr std::optional<ControlEffect> decode(std::uint64_t payload) {
  const auto discriminant = static_cast<std::uint32_t>(payload >> discriminant_shift);
  if (discriminant > static_cast<std::uint32_t>(ControlEffect::Discriminant::resume_throw)) {
    return std::nullopt;
  }
  return ControlEffect{static_cast<ControlEffect::Discriminant>(discriminant),
                       static_cast<std::uint32_t>(payload)};
}

}  // namespace fiberproof
