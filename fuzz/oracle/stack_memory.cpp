#include "fuzz/oracle/stack_memory.hpp"

namespace fiberproof::fuzz {
namespace {

// SDM vol. 1, 10.2.3 and 8.1.5: every exception masked, round to nearest, extended precision.
constexpr std::uint32_t mxcsr_default = 0x1f80;
constexpr std::uint16_t x87_default = 0x037f;

FIBERPROOF_UNINSTRUMENTED void set_modes(std::uint32_t mxcsr, std::uint16_t x87) {
  // A flag that is pending would raise its exception where the new modes unmask it.
  asm volatile("fnclex\n\tldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(x87));
}

}  // namespace

FIBERPROOF_UNINSTRUMENTED void fill_with_pattern(Span span) {
  auto* const words = reinterpret_cast<std::uint64_t*>(span.lowest);
  for (std::uint64_t index = 0; index < (span.end - span.lowest) / 8; ++index) {
    words[index] = pattern_at(span.lowest + 8 * index);
  }
}

FIBERPROOF_UNINSTRUMENTED std::optional<std::uint64_t> first_touched(Span span) {
  const auto* const words = reinterpret_cast<const std::uint64_t*>(span.lowest);
  const std::uint64_t count = (span.end - span.lowest) / 8;
  std::uint64_t differences = 0;
  for (std::uint64_t index = 0; index < count; ++index) {
    differences |= words[index] ^ pattern_at(span.lowest + 8 * index);
  }
  if (differences == 0) [[likely]] {
    return std::nullopt;
  }
  std::uint64_t address = span.lowest;
  while (read_word(address) == pattern_at(address)) {
    address += 8;
  }
  return address;
}

FIBERPROOF_UNINSTRUMENTED Value value_of(ValueKind kind, std::uint32_t owner, std::uint32_t slot) {
  const std::uint64_t maker = std::uint64_t{owner} << 32 | slot;
  return {maker, ~maker ^ static_cast<std::uint64_t>(kind) << 56};
}

FIBERPROOF_UNINSTRUMENTED void fill_values(Value* values, std::uint32_t first, std::uint32_t end,
                                           ValueKind kind, std::uint32_t owner) {
  for (std::uint32_t slot = first; slot < end; ++slot) {
    values[slot] = value_of(kind, owner, slot);
  }
}

FIBERPROOF_UNINSTRUMENTED std::optional<std::uint32_t> first_wrong_value(const Value* values,
                                                                         std::uint32_t first,
                                                                         std::uint32_t end,
                                                                         ValueKind kind,
                                                                         std::uint32_t owner) {
  for (std::uint32_t slot = first; slot < end; ++slot) {
    const Value wanted = value_of(kind, owner, slot);
    if (values[slot].low != wanted.low || values[slot].high != wanted.high) {
      return slot;
    }
  }
  return std::nullopt;
}

FIBERPROOF_UNINSTRUMENTED std::optional<std::uint32_t> frames_between(std::uint64_t frame,
                                                                      std::uint64_t last,
                                                                      const Span& stack,
                                                                      std::uint32_t steps_max) {
  for (std::uint32_t steps = 0; steps <= steps_max; ++steps) {
    if (frame == last) {
      return steps;
    }
    if (frame % 8 != 0 || !stack.contains(frame) || frame > last) {
      return std::nullopt;
    }
    const std::uint64_t outer = *reinterpret_cast<const volatile std::uint64_t*>(frame);
    if (outer <= frame) {
      return std::nullopt;
    }
    frame = outer;
  }
  return std::nullopt;
}

FIBERPROOF_UNINSTRUMENTED std::uint64_t floating_point_modes() {
  std::uint32_t mxcsr = 0;
  std::uint16_t x87 = 0;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
  return std::uint64_t{x87} << 32 | (mxcsr & ~std::uint32_t{0x3f});
}

FIBERPROOF_UNINSTRUMENTED bool direction_flag() {
  constexpr std::uint64_t direction = 1 << 10;  // SDM vol. 1, 3.4.3
  return (__builtin_ia32_readeflags_u64() & direction) != 0;
}

FIBERPROOF_UNINSTRUMENTED void set_floating_point_modes(std::uint32_t choice) {
  // Bits 0 and 1 choose the rounding of both units, bit 2 flush-to-zero, bit 3 single precision,
  // bit 4 denormals as zeros, and bit 5 leaves division by zero and overflow unmasked in both
  // units.
  const std::uint32_t rounding = choice & 3;
  const std::uint32_t unmasked = (choice >> 5 & 1) * 0x0c;
  set_modes(
      (mxcsr_default | rounding << 13 | (choice >> 2 & 1) << 15 | (choice >> 4 & 1) << 6) &
          ~(unmasked << 7),
      static_cast<std::uint16_t>(
          ((choice >> 3 & 1 ? x87_default & ~0x0300 : x87_default) | rounding << 10) & ~unmasked));
}

void reset_floating_point_modes() {
  set_modes(mxcsr_default, x87_default);
}

}  // namespace fiberproof::fuzz
