#include "verify/x86/instruction_effects.hpp"

#include "verify/x86/instruction_decoder.hpp"
#include "verify/x86/instruction_manner.hpp"

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

using Operands = DecodedOperands;
using Flow = InstructionEffects::Flow;

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

struct Manner {
  bool reads_registers = true;
  bool is_vex = false;
  bool keeps_a_part = false;
};

void add_operand(const ZydisDecodedOperand& operand, const Manner& manner,
                 InstructionEffects& effects) {
  PartsOfOperands reads(effects.reads);
  PartsOfOperands writes(effects.writes);
  PartsOfOperands changes(effects.changes);
  if (operand.type == ZYDIS_OPERAND_TYPE_MEMORY) {
    reads.add_read(operand.mem.base);
    reads.add_read(operand.mem.index);
    return;
  }
  // K0 as a mask means that there is none.
  if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER || operand.reg.value == ZYDIS_REGISTER_K0) return;
  const bool is_written = (operand.actions & ZYDIS_OPERAND_ACTION_WRITE) != 0;
  const bool is_read = (operand.actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0 ||
                       (is_written && manner.keeps_a_part);
  if (is_read && manner.reads_registers) reads.add_read(operand.reg.value);
  if ((operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
    changes.add_write(operand.reg.value, true);
  }
  if (is_written && !manner.keeps_a_part) writes.add_write(operand.reg.value, manner.is_vex);
}

bool decode_fully(std::span<const std::byte> code, ZydisDecodedInstruction& raw,
                  Operands& operands) {
  return ZYAN_SUCCESS(
      ZydisDecoderDecodeFull(&decoder(), code.data(), code.size(), &raw, operands.data()));
}

// A general register in any of its widths.
bool is_register(const ZydisDecodedOperand& operand, ZydisRegister whole) {
  return operand.type == ZYDIS_OPERAND_TYPE_REGISTER &&
         ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, operand.reg.value) == whole;
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

// Whether the encoding names RSP or RBP: by a register field, or in an opcode without one. Quick,
// and true for some others, too.
bool may_name_frame(const ZydisDecodedInstruction& raw) {
  const auto is_of_frame = [](unsigned number) { return number == 4 || number == 5; };
  if ((raw.attributes & ZYDIS_ATTRIB_HAS_MODRM) == 0) return true;
  const bool is_register = is_of_frame(raw.raw.modrm.reg) && raw.raw.rex.R == 0;
  return is_register ||
         (raw.raw.modrm.mod == 3 && is_of_frame(raw.raw.modrm.rm) && raw.raw.rex.B == 0);
}

bool is_sum_of(const ZydisDecodedOperand& operand, ZydisRegister whole) {
  return is_register(operand, whole) ||
         (operand.type == ZYDIS_OPERAND_TYPE_MEMORY && operand.mem.base == whole);
}

bool writes(const ZydisDecodedInstruction& raw, const Operands& operands, ZydisRegister whole) {
  for (std::size_t index = 0; index < raw.operand_count_visible; ++index) {
    const bool is_written = (operands[index].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    if (is_written && is_register(operands[index], whole)) return true;
  }
  return false;
}

bool sets_stack_pointer(const ZydisDecodedInstruction& raw, const Operands& operands) {
  if (raw.mnemonic == ZYDIS_MNEMONIC_IRETQ || raw.mnemonic == ZYDIS_MNEMONIC_IRETD) return true;
  if (!writes(raw, operands, ZYDIS_REGISTER_RSP)) return false;
  switch (raw.mnemonic) {
    case ZYDIS_MNEMONIC_ADD:
    case ZYDIS_MNEMONIC_SUB:
    case ZYDIS_MNEMONIC_AND: return !is_number(operands[1]);
    case ZYDIS_MNEMONIC_MOV: return !is_of_this_stack(operands[1]) || is_number(operands[1]);
    case ZYDIS_MNEMONIC_LEA:
      return !is_of_this_stack(operands[1]) || operands[1].mem.index != ZYDIS_REGISTER_NONE;
    default: return true;
  }
}

bool takes_frame_pointer(const ZydisDecodedInstruction& raw, const Operands& operands) {
  if (raw.mnemonic == ZYDIS_MNEMONIC_LEAVE) return true;
  const bool is_copy =
      (raw.mnemonic == ZYDIS_MNEMONIC_MOV && operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) ||
      raw.mnemonic == ZYDIS_MNEMONIC_LEA;
  return is_copy && writes(raw, operands, ZYDIS_REGISTER_RSP) &&
         is_sum_of(operands[1], ZYDIS_REGISTER_RBP);
}

Glance::Rbp frame_pointer_after(const ZydisDecodedInstruction& raw, const Operands& operands) {
  if (raw.mnemonic == ZYDIS_MNEMONIC_LEAVE) return Glance::Rbp::of_this_stack;
  if (!writes(raw, operands, ZYDIS_REGISTER_RBP)) return Glance::Rbp::unchanged;
  if (raw.mnemonic == ZYDIS_MNEMONIC_POP) return Glance::Rbp::of_this_stack;
  const bool is_copy = raw.mnemonic == ZYDIS_MNEMONIC_MOV || raw.mnemonic == ZYDIS_MNEMONIC_LEA;
  return is_copy && is_sum_of(operands[1], ZYDIS_REGISTER_RSP) ? Glance::Rbp::of_this_stack
                                                               : Glance::Rbp::of_another_word;
}

// The upper parts of the first 16 vector registers, or all of them (SDM vol. 2, VZEROUPPER).
void add_cleared_vectors(ZydisMnemonic mnemonic, InstructionEffects& effects) {
  if (mnemonic != ZYDIS_MNEMONIC_VZEROUPPER && mnemonic != ZYDIS_MNEMONIC_VZEROALL) return;
  RegisterParts low;
  for (int index = 0; index < 16; ++index) {
    PartsOfOperands(effects.writes)
        .add_write(static_cast<ZydisRegister>(ZYDIS_REGISTER_YMM0 + index), true);
    PartsOfOperands(low).add_write(static_cast<ZydisRegister>(ZYDIS_REGISTER_XMM0 + index), false);
  }
  if (mnemonic == ZYDIS_MNEMONIC_VZEROUPPER) effects.writes = effects.writes - low;
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
  effects.is_beyond = is_beyond(raw, operands);
  const Manner manner{.reads_registers = !has_same_sources(raw, operands) &&
                                         !makes_constant_by_number(raw, operands),
                      .is_vex = is_vex,
                      .keeps_a_part = keeps_a_part(raw, operands)};
  for (std::size_t index = 0; index < raw.operand_count; ++index) {
    add_operand(operands[index], manner, effects);
    const auto& immediate = operands[index].imm;
    const bool is_target =
        operands[index].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && immediate.is_relative != 0;
    if (is_target) effects.target = address + raw.length + immediate.value.u;
  }
  add_cleared_vectors(raw.mnemonic, effects);
  if (raw.cpu_flags != nullptr) {
    PartsOfOperands(effects.reads).add_flags(raw.cpu_flags->tested);
    if (!may_write_no_flag(raw, operands)) {
      PartsOfOperands(effects.writes)
          .add_flags(raw.cpu_flags->modified | raw.cpu_flags->set_0 | raw.cpu_flags->set_1 |
                     raw.cpu_flags->undefined);
    }
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
  const bool is_branch = is_jump || raw.meta.category == ZYDIS_CATEGORY_COND_BR;
  if (!is_branch && !may_name_frame(raw)) return seen;
  Operands operands{};
  if (!ZYAN_SUCCESS(ZydisDecoderDecodeOperands(&decoder(), &context, &raw, operands.data(),
                                               raw.operand_count))) {
    return {};
  }
  seen.is_indirect_jump = is_jump && !is_number(operands[0]);
  if (is_branch && is_number(operands[0])) {
    seen.target = raw.length + operands[0].imm.value.u;
  }
  if (is_branch) return seen;
  seen.sets_rsp = sets_stack_pointer(raw, operands);
  seen.takes_rbp = takes_frame_pointer(raw, operands);
  seen.rbp = frame_pointer_after(raw, operands);
  return seen;
}

std::string disassembly(std::uint64_t address, std::span<const std::byte> code) {
  const auto known = decode(address, code);
  return known ? known->text : known.error().instruction;
}

}  // namespace fiberproof::verify
