#include "verify/survey/straight_line.hpp"

#include <utility>
#include <variant>

namespace fiberproof::verify {

LineValue LineValue::plus(std::uint64_t number) const {
  LineValue sum = *this;
  sum.offset += number;
  return sum;
}

bool LineValue::is_same_as(const LineValue& other) const {
  return is_known() && kind == other.kind && reg == other.reg && load == other.load &&
         offset == other.offset;
}

StraightLine::StraightLine() {
  for (std::size_t index = 0; index < register_count; ++index) {
    values_[index] = {LineValue::Kind::entry, static_cast<Register>(index)};
  }
}

void StraightLine::step(const Instruction& instruction) {
  const auto at = [this](Register reg) -> LineValue& {
    return values_[static_cast<std::size_t>(reg)];
  };
  const auto& operands = instruction.operands;
  const bool is_of_words = instruction.bytes == 8 && !operands.empty();
  if (instruction.operation == Operation::push && is_of_words) {
    const LineValue pushed = value_of(operands[0]);
    at(Register::rsp).offset -= 8;
    stores_.push_back({at(Register::rsp), pushed});
    return;
  }
  if (instruction.operation == Operation::pop && is_of_words) {
    const LineValue above = value_of(Register::rsp).plus(8);
    for (const Register written : written_registers(instruction)) at(written) = {};
    const auto* const to = std::get_if<RegisterOperand>(&operands[0]);
    if (to == nullptr || to->name != Register::rsp) at(Register::rsp) = above;
    return;
  }
  if (instruction.operation == Operation::mov && is_of_words) {
    if (const auto* const into = std::get_if<MemoryOperand>(&operands[0])) {
      stores_.push_back({address_of(*into), value_of(operands[1])});
      return;
    }
  }
  if (instruction.operation == Operation::xchg && is_of_words) {
    const auto* const one = std::get_if<RegisterOperand>(&operands[0]);
    const auto* const other = std::get_if<RegisterOperand>(&operands[1]);
    if (one != nullptr && other != nullptr) return std::swap(at(one->name), at(other->name));
  }
  const LineValue made = result(instruction);
  for (const Register written : written_registers(instruction)) at(written) = {};
  if (made.is_known()) at(std::get<RegisterOperand>(operands[0]).name) = made;
}

void StraightLine::forget(const RegisterParts& changed) {
  for (std::size_t index = 0; index < register_count; ++index) {
    if ((RegisterParts::of(static_cast<Register>(index)) & changed).any()) values_[index] = {};
  }
}

LineValue StraightLine::value_of(const Operand& operand) {
  if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
    return reg->bytes == 8 ? value_of(reg->name) : LineValue{};
  }
  const auto* const memory = std::get_if<MemoryOperand>(&operand);
  if (memory == nullptr || memory->bytes != 8) return {};
  const LineValue address = address_of(*memory);
  if (!address.is_known()) return {};
  pointers_.push_back(address);
  return {LineValue::Kind::loaded, Register::rax, pointers_.size() - 1};
}

LineValue StraightLine::address_of(const MemoryOperand& memory) const {
  if (memory.index || memory.is_32_bit || memory.is_by_fs) return {};
  if (!memory.base) return {LineValue::Kind::address, Register::rax, 0, memory.displacement};
  const LineValue base = value_of(*memory.base);
  return base.is_known() ? base.plus(memory.displacement) : LineValue{};
}

// The value of the first operand, a whole register, behind the instruction; unknown for most.
LineValue StraightLine::result(const Instruction& instruction) {
  const auto& operands = instruction.operands;
  if (operands.size() != 2) return {};
  const auto* const to = std::get_if<RegisterOperand>(&operands[0]);
  if (to == nullptr || to->bytes != 8) return {};
  switch (instruction.operation) {
    case Operation::mov: return value_of(operands[1]);
    case Operation::lea: return address_of(std::get<MemoryOperand>(operands[1]));
    case Operation::add:
    case Operation::sub: {
      const auto* const number = std::get_if<Immediate>(&operands[1]);
      const LineValue before = value_of(to->name);
      if (number == nullptr || !before.is_known()) return {};
      return before.plus(instruction.operation == Operation::add ? number->value
                                                                 : 0 - number->value);
    }
    default: return {};
  }
}

}  // namespace fiberproof::verify
