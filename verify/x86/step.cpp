#include "verify/x86/step.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <variant>

namespace fiberproof::verify {
namespace {

bool is_register(const Operand& operand) {
  return std::holds_alternative<RegisterOperand>(operand);
}
bool is_immediate(const Operand& operand) {
  return std::holds_alternative<Immediate>(operand);
}
bool is_memory(const Operand& operand) {
  return std::holds_alternative<MemoryOperand>(operand);
}
bool is_place(const Operand& operand) {
  return !is_immediate(operand);
}

bool has_width(std::uint8_t bytes) {
  return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

bool has_sound_parts(const Operand& operand) {
  if (const auto* reg = std::get_if<RegisterOperand>(&operand)) {
    const bool has_high_byte = reg->bytes == 1 && reg->name <= Register::rbx;
    return has_width(reg->bytes) && (!reg->is_high_byte || has_high_byte);
  }
  if (const auto* memory = std::get_if<MemoryOperand>(&operand)) {
    const std::uint8_t scale = memory->scale;
    return (has_width(memory->bytes) || memory->bytes == x87_environment_bytes) &&
           (scale == 1 || scale == 2 || scale == 4 || scale == 8);
  }
  return true;
}

// A segment has no part in the address that lea computes.
bool is_by_fs(const Operand& operand) {
  return std::get<MemoryOperand>(operand).is_by_fs;
}

bool is_environment(const std::vector<Operand>& operands) {
  return operands.size() == 1 && is_memory(operands[0]) &&
         std::get<MemoryOperand>(operands[0]).bytes == x87_environment_bytes;
}

bool has_bytes(const Operand& operand, std::uint8_t bytes) {
  if (const auto* reg = std::get_if<RegisterOperand>(&operand)) {
    return reg->bytes == bytes;
  }
  if (const auto* memory = std::get_if<MemoryOperand>(&operand)) {
    return memory->bytes == bytes;
  }
  return true;
}

bool is_narrower(const Operand& operand, std::uint8_t bytes) {
  const auto* reg = std::get_if<RegisterOperand>(&operand);
  const auto* memory = std::get_if<MemoryOperand>(&operand);
  return (reg != nullptr && reg->bytes < bytes) || (memory != nullptr && memory->bytes < bytes);
}

// Only an extension reads a width other than the instruction's, and a shift has its count in CL.
bool has_widths(const Instruction& instruction) {
  std::size_t checked = instruction.operands.size();
  switch (instruction.operation) {
    case Operation::movzx:
    case Operation::movsx:
    case Operation::shl:
    case Operation::shr:
    case Operation::sar:
    case Operation::rol:
    case Operation::ror:
    case Operation::rcl:
    case Operation::rcr: checked = 1; break;
    case Operation::shld:
    case Operation::shrd: checked = 2; break;
    case Operation::fldenv:
    case Operation::fnstenv: checked = 0; break;
    default: break;
  }
  return has_width(instruction.bytes) &&
         std::ranges::all_of(
             std::span(instruction.operands).first(checked),
             [&](const Operand& operand) { return has_bytes(operand, instruction.bytes); });
}

// An immediate, or CL.
bool is_count(const Operand& operand) {
  const auto* reg = std::get_if<RegisterOperand>(&operand);
  return is_immediate(operand) ||
         (reg != nullptr && reg->name == Register::rcx && reg->bytes == 1 && !reg->is_high_byte);
}

// Operand kinds by position, as `kinds` spells them: r register, m memory, p either, i immediate, c
// count.
bool are(const std::vector<Operand>& operands, std::string_view kinds) {
  const auto is = [](const Operand& operand, char kind) {
    switch (kind) {
      case 'r': return is_register(operand);
      case 'm': return is_memory(operand);
      case 'p': return is_place(operand);
      case 'i': return is_immediate(operand);
      default: return is_count(operand);
    }
  };
  return std::ranges::equal(operands, kinds, is);
}

bool has_kinds(const Instruction& instruction) {
  const std::vector<Operand>& operands = instruction.operands;
  const std::size_t count = operands.size();
  switch (instruction.operation) {
    case Operation::mov:
    case Operation::add:
    case Operation::adc:
    case Operation::sub:
    case Operation::sbb:
    case Operation::cmp:
    case Operation::and_:
    case Operation::or_:
    case Operation::xor_:
    case Operation::test:
      return count == 2 && is_place(operands[0]) &&
             !(is_memory(operands[0]) && is_memory(operands[1]));
    case Operation::movzx:
    case Operation::movsx:
      return are(operands, "rp") && is_narrower(operands[1], instruction.bytes);
    case Operation::cmov: return are(operands, "rp");
    case Operation::movbe: return are(operands, "rm") || are(operands, "mr");
    case Operation::bswap: return instruction.bytes >= 4 && are(operands, "r");
    case Operation::lea: return are(operands, "rm") && !is_by_fs(operands[1]);
    case Operation::xchg:
    case Operation::xadd: return are(operands, "pr");
    case Operation::shl:
    case Operation::shr:
    case Operation::sar:
    case Operation::rol:
    case Operation::ror:
    case Operation::rcl:
    case Operation::rcr: return are(operands, "pc");
    case Operation::shld:
    case Operation::shrd: return instruction.bytes >= 4 && are(operands, "prc");
    case Operation::imul:
      return are(operands, "p") ||
             (instruction.bytes != 1 && (are(operands, "rp") || are(operands, "rpi")));
    case Operation::shlx:
    case Operation::shrx:
    case Operation::sarx:
    case Operation::bextr:
    case Operation::bzhi: return instruction.bytes >= 4 && are(operands, "rpr");
    case Operation::mulx:
    case Operation::andn: return instruction.bytes >= 4 && are(operands, "rrp");
    case Operation::rorx: return instruction.bytes >= 4 && are(operands, "rpi");
    case Operation::blsr:
    case Operation::blsi:
    case Operation::blsmsk: return instruction.bytes >= 4 && are(operands, "rp");
    // In memory, a register's value would address another word (SDM vol. 1, 3.7.1 and 3.3.7).
    case Operation::bt:
    case Operation::bts:
    case Operation::btr:
    case Operation::btc:
      return instruction.bytes >= 2 && (are(operands, "rr") || are(operands, "pi"));
    case Operation::bsf:
    case Operation::bsr:
    case Operation::tzcnt:
    case Operation::lzcnt:
    case Operation::popcnt: return instruction.bytes >= 2 && are(operands, "rp");
    case Operation::push: return count == 1 && instruction.bytes == 8;
    case Operation::pop: return count == 1 && instruction.bytes == 8 && is_place(operands[0]);
    case Operation::neg:
    case Operation::not_:
    case Operation::inc:
    case Operation::dec:
    case Operation::mul: return count == 1 && is_place(operands[0]);
    case Operation::set: return count == 1 && instruction.bytes == 1 && is_place(operands[0]);
    case Operation::ldmxcsr:
    case Operation::stmxcsr: return count == 1 && instruction.bytes == 4 && is_memory(operands[0]);
    case Operation::fldcw:
    case Operation::fnstcw: return count == 1 && instruction.bytes == 2 && is_memory(operands[0]);
    case Operation::fldenv:
    case Operation::fnstenv: return instruction.bytes == 2 && is_environment(operands);
    case Operation::jmp:
    case Operation::call: return count == 1 && instruction.bytes == 8;
    case Operation::jcc: return count == 1 && is_immediate(operands[0]);
    case Operation::sign_extend_accumulator:
    case Operation::sign_extend_into_rdx: return count == 0 && instruction.bytes >= 2;
    case Operation::cmc:
    case Operation::clc:
    case Operation::stc:
    case Operation::lahf:
    case Operation::sahf:
    case Operation::cld:
    case Operation::std:
    case Operation::leave:
    case Operation::ret:
    case Operation::syscall:
    case Operation::nop:
    case Operation::endbr64:
    case Operation::ud2:
    case Operation::int3: return count == 0;
  }
  return false;
}

}  // namespace

bool is_well_formed(const Instruction& instruction) {
  return static_cast<std::size_t>(instruction.operation) < operation_count &&
         std::ranges::all_of(instruction.operands, has_sound_parts) && has_kinds(instruction) &&
         has_widths(instruction);
}

}  // namespace fiberproof::verify
