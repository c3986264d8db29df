// What the call frame information of this process says of each register at an instruction (DWARF 5,
// 6.4): whether a caller's value is gone, or can be found. The unwinder of the C++ runtime does not
// tell: it takes a register that is gone for one that has not changed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace fiberproof::fuzz {

/// The registers by their DWARF numbers: 0 to 15 general purpose, 16 the return address (psABI,
/// figure 3.36).
inline constexpr std::size_t dwarf_registers = 17;

enum class RegisterRule : std::uint8_t {
  none,       ///< nothing is said of it
  undefined,  ///< it is gone
  found,      ///< in any way
};
using RegisterRules = std::array<RegisterRule, dwarf_registers>;

/// The rules at the instruction at `address`, or nothing where there are none, or some that are not
/// understood. Allocates nothing, so a signal handler may ask.
std::optional<RegisterRules> register_rules_at(std::uint64_t address);

}  // namespace fiberproof::fuzz
