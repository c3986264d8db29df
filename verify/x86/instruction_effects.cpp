#include "verify/x86/instruction_effects.hpp"

#include "verify/x86/instruction_decoder.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>
#include <algorithm>
#include <array>

namespace fiberproof::verify {

RegisterParts RegisterParts::all() {
  RegisterParts made;
  made.bits_.set();
  return made;
}

RegisterParts RegisterParts::of(Register whole) {
  RegisterParts made;
  const std::size_t first = general_first + static_cast<std::size_t>(whole) * general_parts;
  for (std::size_t part = 0; part < general_parts; ++part) made.bits_.set(first + part);
  return made;
}

RegisterParts RegisterParts::named(std::string_view register_name) {
  for (std::size_t index = 0; index < register_count; ++index) {
    const auto candidate = static_cast<Register>(index);
    if (name(candidate) == register_name) return of(candidate);
  }
  return {};
}

RegisterParts RegisterParts::first() const {
  RegisterParts made;
  for (std::size_t bit = 0; bit < bits_.size() && !made.any(); ++bit) {
    if (bits_.test(bit)) made.bits_.set(bit);
  }
  return made;
}

RegisterParts RegisterParts::changed_by_calls() {
  RegisterParts made = all();
  for (const Register kept : {Register::rbx, Register::rsp, Register::rbp, Register::r12,
                              Register::r13, Register::r14, Register::r15}) {
    made = made - of(kept);
  }
  return made;
}

std::string RegisterParts::first_name() const {
  constexpr std::array<const char*, flag_count> flags{"CF", "PF", "AF", "ZF", "SF", "OF"};
  for (std::size_t bit = 0; bit < bits_.size(); ++bit) {
    if (!bits_.test(bit)) continue;
    if (bit < vector_first) {
      return std::string(name(static_cast<Register>(bit / general_parts)));
    }
    if (bit < mask_first) {
      const std::size_t part = bit - vector_first;
      return fmt::format("{}mm{}", part % vector_parts == 0 ? "x" : "y", part / vector_parts);
    }
    if (bit < flag_first) return fmt::format("k{}", bit - mask_first);
    return bit < x87 ? flags[bit - flag_first] : "the x87 stack";
  }
  return {};
}

RegisterParts& RegisterParts::operator|=(const RegisterParts& other) {
  bits_ |= other.bits_;
  return *this;
}

RegisterParts operator&(RegisterParts one, const RegisterParts& other) {
  one.bits_ &= other.bits_;
  return one;
}

RegisterParts operator-(RegisterParts one, const RegisterParts& other) {
  one.bits_ &= ~other.bits_;
  return one;
}

// Adds the parts that an instruction's operands stand for.
class PartsOfOperands {
 public:
  explicit PartsOfOperands(RegisterParts& parts) : bits_(parts.bits_) {}

  void add_read(ZydisRegister reg) { add(reg, false, false); }

  // A write of 32 bits clears the upper half of a general register (SDM vol. 1, 3.4.1.1), and a
  // write by a VEX or EVEX instruction that of a vector register (SDM vol. 1, 14.1.1).
  void add_write(ZydisRegister reg, bool is_vex) { add(reg, true, is_vex); }

  void add_flags(ZydisAccessedFlagsMask flags) {
    constexpr std::array<ZydisAccessedFlagsMask, RegisterParts::flag_count> status{
        ZYDIS_CPUFLAG_CF, ZYDIS_CPUFLAG_PF, ZYDIS_CPUFLAG_AF,
        ZYDIS_CPUFLAG_ZF, ZYDIS_CPUFLAG_SF, ZYDIS_CPUFLAG_OF};
    for (std::size_t flag = 0; flag < status.size(); ++flag) {
      if ((flags & status[flag]) != 0) bits_.set(RegisterParts::flag_first + flag);
    }
  }

 private:
  void add(ZydisRegister reg, bool is_write, bool is_vex) {
    const auto index = static_cast<std::size_t>(std::max<int>(0, ZydisRegisterGetId(reg)));
    switch (ZydisRegisterGetClass(reg)) {
      case ZYDIS_REGCLASS_GPR8:
        return reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH
                   ? add_general(static_cast<std::size_t>(reg - ZYDIS_REGISTER_AH), 1, 2)
                   : add_general(whole(reg), 0, 1);
      case ZYDIS_REGCLASS_GPR16: return add_general(whole(reg), 0, 2);
      case ZYDIS_REGCLASS_GPR32: return add_general(whole(reg), 0, is_write ? 4 : 3);
      case ZYDIS_REGCLASS_GPR64: return add_general(whole(reg), 0, 4);
      case ZYDIS_REGCLASS_XMM: return add_vector(index, is_write && is_vex ? 2 : 1);
      case ZYDIS_REGCLASS_YMM:
      case ZYDIS_REGCLASS_ZMM: return add_vector(index, 2);
      case ZYDIS_REGCLASS_MASK:
        bits_.set(RegisterParts::mask_first + index % RegisterParts::mask_count);
        return;
      case ZYDIS_REGCLASS_X87:
      case ZYDIS_REGCLASS_MMX: bits_.set(RegisterParts::x87); return;
      default: return;  // RIP, segments, control registers
    }
  }

  static std::size_t whole(ZydisRegister reg) {
    return static_cast<std::size_t>(
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg) - ZYDIS_REGISTER_RAX);
  }

  void add_general(std::size_t index, std::size_t from, std::size_t to) {
    const std::size_t first = RegisterParts::general_first + index * RegisterParts::general_parts;
    for (std::size_t part = from; part < to; ++part) bits_.set(first + part);
  }

  void add_vector(std::size_t index, std::size_t parts) {
    const std::size_t first = RegisterParts::vector_first +
                              index % RegisterParts::vector_count * RegisterParts::vector_parts;
    for (std::size_t part = 0; part < parts; ++part) bits_.set(first + part);
  }

  std::bitset<RegisterParts::x87 + 1>& bits_;
};

namespace {

using Operands = std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT>;
using Flow = InstructionEffects::Flow;

// Instructions whose result is a constant where both sources are the same register.
bool makes_constant_of_same(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
    case ZYDIS_MNEMONIC_XOR:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_SBB:  // of the carry flag alone
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

bool has_same_sources(const ZydisDecodedInstruction& raw, const Operands& operands) {
  const std::size_t visible = raw.operand_count_visible;
  if (visible < 2 || !makes_constant_of_same(raw.mnemonic)) return false;
  const ZydisDecodedOperand& last = operands[visible - 1];
  const ZydisDecodedOperand& other = operands[visible - 2];
  return last.type == ZYDIS_OPERAND_TYPE_REGISTER && other.type == ZYDIS_OPERAND_TYPE_REGISTER &&
         last.reg.value == other.reg.value;
}

Flow flow_of(const ZydisDecodedInstruction& raw) {
  switch (raw.meta.category) {
    case ZYDIS_CATEGORY_COND_BR: return Flow::branch;
    case ZYDIS_CATEGORY_UNCOND_BR: return Flow::jump;
    case ZYDIS_CATEGORY_CALL: return Flow::call;
    case ZYDIS_CATEGORY_RET: return Flow::returns;
    default: break;
  }
  const bool stops = raw.mnemonic == ZYDIS_MNEMONIC_UD0 || raw.mnemonic == ZYDIS_MNEMONIC_UD1 ||
                     raw.mnemonic == ZYDIS_MNEMONIC_UD2 || raw.mnemonic == ZYDIS_MNEMONIC_INT3 ||
                     raw.mnemonic == ZYDIS_MNEMONIC_HLT;
  return stops ? Flow::stops : Flow::next;
}

void add_operand(const ZydisDecodedOperand& operand, bool reads_registers, bool is_vex,
                 InstructionEffects& effects) {
  PartsOfOperands reads(effects.reads);
  PartsOfOperands writes(effects.writes);
  if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
    reads.add_read(operand.mem.base);
    reads.add_read(operand.mem.index);
    return;
  }
  if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) return;
  const bool is_read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
  if (is_read && reads_registers) reads.add_read(operand.reg.value);
  if ((operand.actions & ZYDIS_OPERAND_ACTION_WRITE) != 0) {
    writes.add_write(operand.reg.value, is_vex);
  }
}

bool decode_fully(std::span<const std::byte> code, ZydisDecodedInstruction& raw,
                  Operands& operands) {
  return ZYAN_SUCCESS(
      ZydisDecoderDecodeFull(&decoder(), code.data(), code.size(), &raw, operands.data()));
}

bool is_stack_pointer(const ZydisDecodedOperand& operand) {
  return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
         ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, operand.reg.value) ==
             ZYDIS_REGISTER_RSP;
}

// A sum of RSP or RBP is a place on this stack.
bool is_of_this_stack(const ZydisDecodedOperand& operand) {
  if (operand.type == ZYDIS_OPERAND_TYPE_IMMEDIATE) return true;
  if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER) {
    return operand.reg.value == ZYDIS_REGISTER_RBP || operand.reg.value == ZYDIS_REGISTER_RSP;
  }
  return operand.mem.type == ZYDIS_MEMOP_TYPE_AGEN &&
         (operand.mem.base == ZYDIS_REGISTER_RBP || operand.mem.base == ZYDIS_REGISTER_RSP);
}

bool may_set_stack_pointer(ZydisMnemonic mnemonic) {
  return mnemonic == ZYDIS_MNEMONIC_MOV || mnemonic == ZYDIS_MNEMONIC_LEA ||
         mnemonic == ZYDIS_MNEMONIC_XCHG || mnemonic == ZYDIS_MNEMONIC_POP;
}

bool sets_stack_pointer(const ZydisDecodedInstruction& raw, const Operands& operands) {
  const bool to_first = is_stack_pointer(operands[0]);
  if (raw.mnemonic == ZYDIS_MNEMONIC_XCHG) return to_first || is_stack_pointer(operands[1]);
  if (raw.mnemonic == ZYDIS_MNEMONIC_POP) return to_first;
  return to_first && !is_of_this_stack(operands[1]);
}

}  // namespace

std::optional<InstructionEffects> effects_at(std::uint64_t address,
                                             std::span<const std::byte> code) {
  ZydisDecodedInstruction raw{};
  Operands operands{};
  if (!decode_fully(code, raw, operands)) return std::nullopt;
  InstructionEffects effects;
  effects.address = address;
  effects.length = raw.length;
  effects.flow = flow_of(raw);
  const bool is_vex = raw.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX ||
                      raw.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX;
  const bool is_plain_nop =
      raw.meta.category == ZYDIS_CATEGORY_NOP || raw.meta.category == ZYDIS_CATEGORY_WIDENOP;
  if (is_plain_nop) return effects;
  const bool reads_registers = !has_same_sources(raw, operands);
  for (std::size_t index = 0; index < raw.operand_count; ++index) {
    add_operand(operands[index], reads_registers, is_vex, effects);
    const auto& immediate = operands[index].imm;
    const bool is_target =
        operands[index].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && immediate.is_relative != 0;
    if (is_target) effects.target = address + raw.length + immediate.value.u;
  }
  if (raw.cpu_flags != nullptr) {
    PartsOfOperands(effects.reads).add_flags(raw.cpu_flags->tested);
    PartsOfOperands(effects.writes)
        .add_flags(raw.cpu_flags->modified | raw.cpu_flags->set_0 | raw.cpu_flags->set_1 |
                   raw.cpu_flags->undefined);
  }
  return effects;
}

Glance glance(std::span<const std::byte> code) {
  ZydisDecodedInstruction raw{};
  ZydisDecoderContext context{};
  if (!ZYAN_SUCCESS(
          ZydisDecoderDecodeInstruction(&decoder(), &context, code.data(), code.size(), &raw))) {
    return {};
  }
  Glance seen{.length = raw.length};
  const bool is_jump = raw.meta.category == ZYDIS_CATEGORY_UNCOND_BR;
  if (!is_jump && !may_set_stack_pointer(raw.mnemonic)) return seen;
  Operands operands{};
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&decoder(), &context, &raw, operands.data(),
                                               raw.operand_count))) {
    return {};
  }
  seen.is_indirect_jump = is_jump && operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE;
  seen.sets_rsp = !is_jump && sets_stack_pointer(raw, operands);
  return seen;
}

std::string disassembly(std::uint64_t address, std::span<const std::byte> code) {
  const auto known = decode(address, code);
  return known ? known->text : known.error().instruction;
}

}  // namespace fiberproof::verify
