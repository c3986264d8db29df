#include "verify/machine/step.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
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
    return has_width(reg->bytes);
  }
  if (const auto* memory = std::get_if<MemoryOperand>(&operand)) {
    const std::uint8_t scale = memory->scale;
    return has_width(memory->bytes) && (scale == 1 || scale == 2 || scale == 4 || scale == 8);
  }
  return true;
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

// Only an extension reads a width other than the instruction's.
bool has_widths(const Instruction& instruction) {
  const bool extends =
      instruction.operation == Operation::movzx || instruction.operation == Operation::movsx;
  const std::size_t checked = extends ? 1 : instruction.operands.size();
  const bool is_x87 =
      instruction.operation == Operation::fldcw || instruction.operation == Operation::fnstcw;
  return has_width(instruction.bytes) && (instruction.bytes == 2) == is_x87 &&
         std::ranges::all_of(
             std::span(instruction.operands).first(checked),
             [&](const Operand& operand) { return has_bytes(operand, instruction.bytes); });
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
      return count == 2 && is_register(operands[0]) && is_place(operands[1]) &&
             !has_bytes(operands[1], instruction.bytes);
    case Operation::cmov: return count == 2 && is_register(operands[0]) && is_place(operands[1]);
    case Operation::lea: return count == 2 && is_register(operands[0]) && is_memory(operands[1]);
    case Operation::xchg: return count == 2 && is_register(operands[0]) && is_register(operands[1]);
    case Operation::shl:
    case Operation::shr:
    case Operation::sar: return count == 2 && is_place(operands[0]) && is_immediate(operands[1]);
    case Operation::imul:
      return instruction.bytes != 1 && is_register(operands.empty() ? Immediate{} : operands[0]) &&
             ((count == 2 && is_place(operands[1])) ||
              (count == 3 && is_place(operands[1]) && is_immediate(operands[2])));
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
    case Operation::jmp:
    case Operation::call: return count == 1 && instruction.bytes == 8;
    case Operation::jcc: return count == 1 && is_immediate(operands[0]);
    case Operation::sign_extend_accumulator: return count == 0 && instruction.bytes == 8;
    case Operation::sign_extend_into_rdx: return count == 0 && instruction.bytes >= 4;
    case Operation::cld:
    case Operation::std:
    case Operation::leave:
    case Operation::ret:
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
