// What an unwinder makes of a machine by call frame information: the rules evaluated on terms, so
// that what they yield can be compared with what the machine's own instructions make of it.
#pragma once

#include "verify/smt/term.hpp"
#include "verify/unwind/frame_rules.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The caller's frame. A register is missing where the rules make it undefined; RIP also where its
/// rule is that it has not changed.
struct UnwoundFrame {
  std::optional<Term> rsp;
  std::optional<Term> rbp;
  std::optional<Term> rip;
  std::vector<Access> reads;  ///< of memory, by the rules of these three
  /// An address outside every region, or a load that cannot be decided: then a value above that
  /// depends on it means nothing.
  std::optional<std::string> fault;
  bool fault_is_outside = false;
};

/// The caller of the frame that `machine` is in, by `rules`. An error names the first operation
/// that is not modelled, or says what else is wrong with an expression.
///
/// Modelled are (DWARF 5, 2.5.1 and 2.6.1.1.3) lit*, const*, breg*, bregx, call_frame_cfa, dup,
/// deref, plus, plus_uconst, minus, and, or, nop, and, as rules of their own, reg*, regx and
/// stack_value.
std::expected<UnwoundFrame, std::string> unwind(const FrameRules& rules,
                                                const SymbolicCpu& machine);

}  // namespace fiberproof::verify
