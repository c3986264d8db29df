// Raw access to the words of stacks and to the frames on them. Not instrumented: a sanitizer would
// report access to the memory of other frames, and the hot loops need no coverage.
#pragma once

#include "core/instrumentation.hpp"
#include "core/words.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace fiberproof::fuzz {

FIBERPROOF_UNINSTRUMENTED inline std::uint64_t read_word(std::uint64_t address) {
  return *reinterpret_cast<const volatile std::uint64_t*>(address);
}

FIBERPROOF_UNINSTRUMENTED inline void write_word(std::uint64_t address, std::uint64_t word) {
  *reinterpret_cast<volatile std::uint64_t*>(address) = word;
}

/// [lowest, end) with both ends multiples of 8.
struct Span {
  std::uint64_t lowest;
  std::uint64_t end;
  bool contains(std::uint64_t address) const { return lowest <= address && address < end; }
};

/// The content of an untouched word, which is not an address. It differs at each place of a page,
/// so that moved words show; and it is the same in every process, though addresses are not.
constexpr std::uint64_t pattern_at(std::uint64_t address) {
  return (address & 0xfff) ^ 0xa5c3f0965a3c0f69;
}

void fill_with_pattern(Span span);

/// The lowest address in `span` whose word is not the pattern's.
std::optional<std::uint64_t> first_touched(Span span);

/// The origin of a value: swapped, stale and foreign values differ.
enum class ValueKind : std::uint8_t { unset, parameter, result };

Value value_of(ValueKind kind, std::uint32_t owner, std::uint32_t slot);

/// Fills `values[first, end)` with values of `owner`.
void fill_values(Value* values, std::uint32_t first, std::uint32_t end, ValueKind kind,
                 std::uint32_t owner);

/// The first slot in [first, end) that does not hold the value of `owner`.
std::optional<std::uint32_t> first_wrong_value(const Value* values, std::uint32_t first,
                                               std::uint32_t end, ValueKind kind,
                                               std::uint32_t owner);

/// From the frame pointer `frame` outward through frames inside `stack`, to the frame pointer
/// `last`. The result is the number of steps, or nothing where the chain leaves the stack, turns
/// back or takes more than `steps_max`.
std::optional<std::uint32_t> frames_between(std::uint64_t frame, std::uint64_t last,
                                            const Span& stack, std::uint32_t steps_max);

/// The thread's floating-point modes: MXCSR and the x87 control word in one word, without MXCSR's
/// sticky exception flags.
std::uint64_t floating_point_modes();

/// The direction flag, which the psABI wants clear at every call (3.2.1).
bool direction_flag();

/// Sets a legal combination of rounding, precision, denormal modes and masks, one of 64.
void set_floating_point_modes(std::uint32_t choice);

/// Sets the modes that a process starts with.
void reset_floating_point_modes();

}  // namespace fiberproof::fuzz
