// The meaning of one instruction, written once: on numbers it runs beside the CPU (silicon/), on a
// solver's terms the proofs execute it.
//
// Source: SDM vol. 2, the "Operation" and "Flags Affected" paragraphs of each instruction. Narrow
// operands are masked 64-bit words. A write of 32 bits zeroes the upper half of the register, even
// where a cmov or a shift by zero changes nothing else; a write of 8 bits keeps the upper 56.
#pragma once

#include "verify/x86/cpu.hpp"

#include <cstdint>
#include <expected>
#include <string>

namespace fiberproof::verify {

/// An instruction that decode() never makes: an operand that the operation does not have.
struct StepError {
  std::uint64_t address;
  std::string instruction;
  std::string reason;
};

/// Executes `instruction` on `cpu` and returns where control goes. On an error the CPU may have
/// changed. A push stores before it changes RSP, so that the CPU sees the RSP that the instruction
/// began with; a pop loads before it writes any register.
template <Cpu M>
[[nodiscard]] std::expected<Control<typename M::Word, typename M::Bit>, StepError> step(
    M& cpu, const Instruction& instruction);

}  // namespace fiberproof::verify

#include "verify/x86/step_semantics.hpp"
