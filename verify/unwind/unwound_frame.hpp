// Unwinds one frame of a symbolic CPU: evaluates call frame information on terms, so that the
// result can be compared with the effect of the instructions themselves.
#pragma once

#include "verify/smt/term.hpp"
#include "verify/unwind/frame_rules.hpp"
#include "verify/x86/symbolic_cpu.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// The caller's frame. A register is missing if its rule is undefined; RIP also if its rule is that
/// it has not changed.
struct UnwoundFrame {
  std::optional<Term> rsp;
  std::optional<Term> rbp;
  std::optional<Term> rip;
  std::vector<Access> reads;  ///< of memory, by the rules of these three
  /// An address outside every region, or an undecided load: then a value above that depends on it
  /// is meaningless.
  std::optional<std::string> fault;
  bool fault_is_outside = false;
};

/// Finds the caller of the frame that `cpu` is in, by `rules`. An error names the first operation
/// that is not modelled, or says what else is wrong with an expression.
///
/// Modelled are (DWARF 5, 2.5.1 and 2.6.1.1.3) lit*, const*, breg*, bregx, call_frame_cfa, dup,
/// deref, plus, plus_uconst, minus, and, or, nop, and, as rules of their own, reg*, regx and
/// stack_value.
[[nodiscard]] std::expected<UnwoundFrame, std::string> unwind(const FrameRules& rules,
                                                              const SymbolicCpu& cpu);

}  // namespace fiberproof::verify
