// What an instruction does with its operands beyond what their list says: results that do not
// depend on them, destinations that keep a part, flags that may stay. For instruction*.cpp alone.
#pragma once

#include <Zydis/Zydis.h>
#include <array>

namespace fiberproof::verify {

using DecodedOperands = std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT>;

bool is_number(const ZydisDecodedOperand& operand);

/// Whether the result is a constant, since both sources are one register.
bool has_same_sources(const ZydisDecodedInstruction& raw, const DecodedOperands& operands);

/// Whether the result is a constant, as of `or r, -1` and `and r, 0`.
bool makes_constant_by_number(const ZydisDecodedInstruction& raw, const DecodedOperands& operands);

/// Whether the destination keeps something of what it was.
bool keeps_a_part(const ZydisDecodedInstruction& raw, const DecodedOperands& operands);

/// Whether the flags may stay, as behind a shift by a count of 0 (SDM vol. 2, SAL).
bool may_write_no_flag(const ZydisDecodedInstruction& raw, const DecodedOperands& operands);

/// See InstructionEffects::is_beyond.
bool is_beyond(const ZydisDecodedInstruction& raw, const DecodedOperands& operands);

}  // namespace fiberproof::verify
