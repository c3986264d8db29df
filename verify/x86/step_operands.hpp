// Shared parts of the instructions in step_semantics.hpp: words of an operand's width, operands
// read and written, the flags of a result, conditions.
//
// Values of operands are Words with zeros above the operand width; top() is the index of the sign
// bit at the instruction's width.
#pragma once

#include "verify/x86/cpu.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <variant>

namespace fiberproof::verify {

template <Cpu M>
class StepOperands {
 protected:
  using Word = typename M::Word;
  using Bit = typename M::Bit;

  StepOperands(M& cpu, const Instruction& instruction)
      : m_(cpu), i_(instruction), bits_(instruction.bytes * 8u) {}

  // Words.

  static Word number(std::uint64_t value) { return constant<Word>(value); }
  static Bit truth(bool value) { return constant_bit<Bit>(value); }
  static constexpr std::uint64_t ones(unsigned bits) { return ~std::uint64_t{0} >> (64 - bits); }

  Word masked(const Word& value, unsigned bits) const {
    return bits == 64 ? value : Word(value & number(ones(bits)));
  }
  Word masked(const Word& value) const { return masked(value, bits_); }

  /// Requires a value that is zero above `bits`.
  Word sign_extended(const Word& value, unsigned bits) const {
    return bits == 64 ? value
                      : select(bit_of(value, bits - 1), Word(value | number(~ones(bits))), value);
  }

  unsigned top() const { return bits_ - 1; }

  // Operands.

  Word address(const MemoryOperand& memory) const {
    Word sum = number(memory.displacement);
    if (memory.index) {
      const auto log2 = static_cast<unsigned>(std::countr_zero(memory.scale));
      const Word index = m_.read(*memory.index);
      sum = (log2 == 0 ? index : shift_left(index, log2)) + sum;
    }
    if (memory.base) {
      sum = Word(m_.read(*memory.base)) + sum;
    }
    if (memory.is_32_bit) sum = masked(sum, 32);
    return memory.is_by_fs ? Word(Word(m_.fs_base()) + sum) : sum;
  }

  unsigned operand_bits(std::size_t index) const {
    const Operand& operand = i_.operands[index];
    if (const auto* reg = std::get_if<RegisterOperand>(&operand)) {
      return reg->bytes * 8u;
    }
    if (const auto* memory = std::get_if<MemoryOperand>(&operand)) {
      return memory->bytes * 8u;
    }
    return bits_;
  }

  Word read(std::size_t index) const {
    const Operand& operand = i_.operands[index];
    if (const auto* reg = std::get_if<RegisterOperand>(&operand)) {
      const Word whole = m_.read(reg->name);
      return masked(reg->is_high_byte ? shift_right(whole, 8) : whole, reg->bytes * 8u);
    }
    if (const auto* memory = std::get_if<MemoryOperand>(&operand)) {
      return m_.load(address(*memory), memory->bytes);
    }
    return number(std::get<Immediate>(operand).value & ones(bits_));
  }

  /// `value` is zero above the operand's width.
  void write(std::size_t index, const Word& value) {
    const Operand& operand = i_.operands[index];
    if (const auto* memory = std::get_if<MemoryOperand>(&operand)) {
      m_.store(address(*memory), value, memory->bytes);
      return;
    }
    const auto& reg = std::get<RegisterOperand>(operand);
    if (reg.is_high_byte) {
      const Word rest = m_.read(reg.name) & number(~std::uint64_t{0xff00});
      return m_.write(reg.name, rest | shift_left(value, 8));
    }
    write_register(reg.name, value, reg.bytes * 8u);
  }

  // SDM vol. 1, 3.4.1.1: 32-bit results are zero-extended, those of 8 and 16 bits keep the rest.
  void write_register(Register name, const Word& value, unsigned bits) {
    m_.write(name, bits >= 32 ? value : Word((m_.read(name) & number(~ones(bits))) | value));
  }

  // Flags.

  Bit unknown(Flag flag) { return m_.unknown_bit(flag); }

  static Bit choose(const Bit& condition, const Bit& one, const Bit& other) {
    return logical_or(logical_and(condition, one), logical_and(logical_not(condition), other));
  }

  void set_sign_and_parity(const Word& result) {
    Flags<Bit>& flags = m_.flags();
    flags.sf = bit_of(result, top());
    // PF: an even number of ones in the lowest byte.
    Bit odd = bit_of(result, 0);
    for (unsigned index = 1; index < 8; ++index) {
      odd = logical_xor(odd, bit_of(result, index));
    }
    flags.pf = logical_not(odd);
  }

  void set_result_flags(const Word& result) {
    set_sign_and_parity(result);
    m_.flags().zf = equal(result, number(0));
  }

  Bit holds(Condition condition) const {
    const Flags<Bit>& flags = m_.flags();
    const auto code = static_cast<unsigned>(condition);
    // Odd codes are the negations of the even ones before them.
    const Bit positive = holds_even(code & ~1u, flags);
    return (code & 1u) != 0 ? logical_not(positive) : positive;
  }

  static Bit holds_even(unsigned code, const Flags<Bit>& flags) {
    switch (static_cast<Condition>(code)) {
      case Condition::o: return flags.of;
      case Condition::b: return flags.cf;
      case Condition::e: return flags.zf;
      case Condition::be: return logical_or(flags.cf, flags.zf);
      case Condition::s: return flags.sf;
      case Condition::p: return flags.pf;
      case Condition::l: return logical_xor(flags.sf, flags.of);
      default:  // le
        return logical_or(flags.zf, logical_xor(flags.sf, flags.of));
    }
  }

  M& m_;
  const Instruction& i_;
  unsigned bits_;
};

}  // namespace fiberproof::verify
