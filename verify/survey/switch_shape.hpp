// What a switch looks like, whatever registers a compiler chose: a straight run that loads RSP, RBP
// and the address to resume at from one context, stores RSP, RBP and the address behind itself in
// another (or the same) one, and jumps.
//
// Only a way to find code: whether it is right is proved (contracts/switch_site.contract). A run
// that lacks one or two of the six moves is still taken for a switch, so that it is refuted.
#pragma once

#include "verify/x86/instruction.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// A context is at the value of a register plus an offset, modulo 2^64.
struct SwitchOperand {
  Register base = Register::rax;
  std::uint64_t offset = 0;

  bool operator==(const SwitchOperand&) const = default;
};

/// `rax`, or `rax+0x18`.
std::string text_of(const SwitchOperand& operand);

struct SwitchShape {
  std::size_t instructions = 0;      ///< how many at the end of the run belong to it
  SwitchOperand load;                ///< the context of the stack that is resumed
  SwitchOperand store;               ///< the context of the stack that is left
  std::size_t loads = 0;             ///< how many of RSP, RBP and the address are loaded
  std::size_t stores = 0;            ///< how many are stored
  bool loads_agree = false;          ///< all three loads are of one context
  bool moves_rsp = false;            ///< RSP is one of them
  std::vector<std::string> missing;  ///< in words: `RBP is not stored`

  /// At least four of the six moves, some of each kind.
  bool is_switch() const { return loads + stores >= 4 && loads > 0 && stores > 0; }
  /// Leads to another stack, but leaves too little behind to be a switch.
  bool is_near_miss() const {
    const std::size_t elsewhere =
        (load.base == Register::rsp ? 0 : loads) + (store.base == Register::rsp ? 0 : stores);
    return !is_switch() && loads > 0 && (moves_rsp || elsewhere >= 2);
  }
};

/// `run` is straight-line code whose last instruction is an indirect jump. Of all beginnings with
/// as many moves, the latest.
SwitchShape shape_of(std::span<const Instruction> run);

}  // namespace fiberproof::verify
