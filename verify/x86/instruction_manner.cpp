#include "verify/x86/instruction_manner.hpp"

#include <algorithm>
#include <cstdint>

namespace fiberproof::verify {

bool is_number(const ZydisDecodedOperand& operand) {
  return operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

// Instructions whose result is a constant where both sources are the same register.
static bool makes_constant_of_same(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_SBB:  // of the carry flag alone
    case ZYDIS_MNEMONIC_CMP:
    case ZYDIS_MNEMONIC_PSUBB:
    case ZYDIS_MNEMONIC_PSUBW:
    case ZYDIS_MNEMONIC_PSUBD:
    case ZYDIS_MNEMONIC_PSUBQ:
    case ZYDIS_MNEMONIC_VPSUBB:
    case ZYDIS_MNEMONIC_VPSUBW:
    case ZYDIS_MNEMONIC_VPSUBD:
    case ZYDIS_MNEMONIC_VPSUBQ:
    case ZYDIS_MNEMONIC_PCMPGTB:
    case ZYDIS_MNEMONIC_PCMPGTW:
    case ZYDIS_MNEMONIC_PCMPGTD:
    case ZYDIS_MNEMONIC_PXOR:
    case ZYDIS_MNEMONIC_VPXOR:
    case ZYDIS_MNEMONIC_VPXORD:
    case ZYDIS_MNEMONIC_VPXORQ:
    case ZYDIS_MNEMONIC_XORPS:
    case ZYDIS_MNEMONIC_XORPD:
    case ZYDIS_MNEMONIC_VXORPS:
    case ZYDIS_MNEMONIC_VXORPD:
    case ZYDIS_MNEMONIC_PCMPEQB:
    case ZYDIS_MNEMONIC_PCMPEQW:
    case ZYDIS_MNEMONIC_PCMPEQD:
    case ZYDIS_MNEMONIC_VPCMPEQB:
    case ZYDIS_MNEMONIC_VPCMPEQW:
    case ZYDIS_MNEMONIC_VPCMPEQD:
    case ZYDIS_MNEMONIC_KXORB:
    case ZYDIS_MNEMONIC_KXORW:
    case ZYDIS_MNEMONIC_KXORD:
    case ZYDIS_MNEMONIC_KXORQ: return true;
    default: return false;
  }
}

bool has_same_sources(const ZydisDecodedInstruction& raw, const DecodedOperands& operands) {
  const std::size_t visible = raw.operand_count_visible;
  const bool is_masked = raw.avx.mask.mode == ZYDIS_MASK_MODE_MERGING ||
                         raw.avx.mask.mode == ZYDIS_MASK_MODE_ZEROING ||
                         raw.avx.mask.mode == ZYDIS_MASK_MODE_CONTROL ||
                         raw.avx.mask.mode == ZYDIS_MASK_MODE_CONTROL_ZEROING;
  if (visible < 2 || is_masked || !makes_constant_of_same(raw.mnemonic)) return false;
  const ZydisDecodedOperand& last = operands[visible - 1];
  const ZydisDecodedOperand& other = operands[visible - 2];
  return last.type == ZYDIS_OPERAND_TYPE_REGISTER && other.type == ZYDIS_OPERAND_TYPE_REGISTER &&
         last.reg.value == other.reg.value;
}

// Counts of shifts and rotations may be 0, and then no flag is written (SDM vol. 2, SAL).
bool may_write_no_flag(const ZydisDecodedInstruction& raw, const DecodedOperands& operands) {
  switch (raw.mnemonic) {
    case ZYDIS_MNEMONIC_SHL:
    case ZYDIS_MNEMONIC_SHR:
    case ZYDIS_MNEMONIC_SAR:
    case ZYDIS_MNEMONIC_ROL:
    case ZYDIS_MNEMONIC_ROR:
    case ZYDIS_MNEMONIC_RCL:
    case ZYDIS_MNEMONIC_RCR:
    case ZYDIS_MNEMONIC_SHLD:
    case ZYDIS_MNEMONIC_SHRD: {
      const ZydisDecodedOperand& count = operands[raw.operand_count_visible - 1u];
      return !is_number(count) || count.imm.value.u == 0;
    }
    default: return false;
  }
}

// Instructions whose destination keeps something of what it was.
bool keeps_a_part(const ZydisDecodedInstruction& raw, const DecodedOperands& operands) {
  switch (raw.mnemonic) {
    case ZYDIS_MNEMONIC_BSF:  // undefined, in practice unchanged, where the source is 0
    case ZYDIS_MNEMONIC_BSR:
    case ZYDIS_MNEMONIC_RDSSPQ:  // a no-op without shadow stacks
    case ZYDIS_MNEMONIC_RDSSPD:
    case ZYDIS_MNEMONIC_MOVLPS:
    case ZYDIS_MNEMONIC_MOVLPD:
    case ZYDIS_MNEMONIC_MOVHPS:
    case ZYDIS_MNEMONIC_MOVHPD:
    case ZYDIS_MNEMONIC_MOVHLPS:
    case ZYDIS_MNEMONIC_MOVLHPS:
    case ZYDIS_MNEMONIC_SQRTSS:
    case ZYDIS_MNEMONIC_SQRTSD:
    case ZYDIS_MNEMONIC_RCPSS:
    case ZYDIS_MNEMONIC_RSQRTSS:
    case ZYDIS_MNEMONIC_ROUNDSS:
    case ZYDIS_MNEMONIC_ROUNDSD:
    case ZYDIS_MNEMONIC_CVTSS2SD:
    case ZYDIS_MNEMONIC_CVTSD2SS:
    case ZYDIS_MNEMONIC_CVTSI2SS:
    case ZYDIS_MNEMONIC_CVTSI2SD:
    case ZYDIS_MNEMONIC_PINSRB:
    case ZYDIS_MNEMONIC_PINSRW:
    case ZYDIS_MNEMONIC_PINSRD:
    case ZYDIS_MNEMONIC_PINSRQ:
    case ZYDIS_MNEMONIC_INSERTPS: return true;
    case ZYDIS_MNEMONIC_MOVSS:
    case ZYDIS_MNEMONIC_MOVSD: return operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER;
    default: return raw.avx.mask.mode == ZYDIS_MASK_MODE_MERGING;
  }
}

// `or r, -1` and `and r, 0` make a constant.
bool makes_constant_by_number(const ZydisDecodedInstruction& raw, const DecodedOperands& operands) {
  if (raw.operand_count_visible != 2 || !is_number(operands[1])) return false;
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - std::max<unsigned>(operands[0].size, 1));
  const std::uint64_t number = operands[1].imm.value.u & all;
  return (raw.mnemonic == ZYDIS_MNEMONIC_OR && number == all) ||
         (raw.mnemonic == ZYDIS_MNEMONIC_AND && number == 0);
}

static bool is_of_x87_or_mmx(const ZydisDecodedOperand& operand) {
  if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) return false;
  const ZydisRegisterClass kind = ZydisRegisterGetClass(operand.reg.value);
  return kind == ZYDIS_REGCLASS_X87 || kind == ZYDIS_REGCLASS_MMX ||
         operand.reg.value == ZYDIS_REGISTER_X87STATUS ||
         operand.reg.value == ZYDIS_REGISTER_X87TAG;
}

bool is_beyond(const ZydisDecodedInstruction& raw, const DecodedOperands& operands) {
  switch (raw.meta.category) {
    case ZYDIS_CATEGORY_XSAVE:
    case ZYDIS_CATEGORY_XSAVEOPT:
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_INTERRUPT: return raw.mnemonic != ZYDIS_MNEMONIC_INT3;
    default: break;
  }
  if (raw.mnemonic == ZYDIS_MNEMONIC_FXSAVE || raw.mnemonic == ZYDIS_MNEMONIC_FXSAVE64) return true;
  for (std::size_t index = 0; index < raw.operand_count; ++index) {
    if (is_of_x87_or_mmx(operands[index])) return true;
  }
  return raw.meta.isa_set == ZYDIS_ISA_SET_X87 && raw.mnemonic != ZYDIS_MNEMONIC_FNSTCW &&
         raw.mnemonic != ZYDIS_MNEMONIC_FLDCW;
}

}  // namespace fiberproof::verify
