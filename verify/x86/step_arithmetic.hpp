// Arithmetic of step_semantics.hpp: sums, differences and products, with their flags.
#pragma once

#include "verify/x86/cpu.hpp"
#include "verify/x86/step_bits.hpp"

#include <cstddef>
#include <cstdint>
#include <variant>

namespace fiberproof::verify {

template <Cpu M>
class StepArithmetic : protected StepBits<M> {
 protected:
  using Base = StepBits<M>;
  using Word = typename M::Word;
  using Bit = typename M::Bit;
  using Base::bits_, Base::i_, Base::m_, Base::masked, Base::number, Base::ones, Base::read,
      Base::set_result_flags, Base::sign_extended, Base::top, Base::unknown, Base::write,
      Base::write_register;

  StepArithmetic(M& cpu, const Instruction& instruction) : Base(cpu, instruction) {}

  void add_or_subtract() {
    switch (i_.operation) {
      case Operation::add: return write(0, sum(read(0), read(1)));
      case Operation::xadd: return add_and_exchange();
      case Operation::adc: return write(0, sum_with_carry(read(0), read(1)));
      case Operation::sub: return write(0, difference(read(0), read(1)));
      case Operation::sbb: return write(0, difference_with_borrow(read(0), read(1)));
      case Operation::cmp: difference(read(0), read(1)); return;
      case Operation::neg: return write(0, difference(number(0), read(0)));
      default: {  // inc, dec: CF stays
        const Bit carry = m_.flags().cf;
        const Word operand = read(0);
        const Word result = i_.operation == Operation::inc ? sum(operand, number(1))
                                                           : difference(operand, number(1));
        m_.flags().cf = carry;
        return write(0, result);
      }
    }
  }

  void add_and_exchange() {
    const Word first = read(0);
    const Word result = sum(first, read(1));
    // A memory operand is addressed before any register changes; if both operands are one register,
    // the sum stays.
    const bool is_memory = std::holds_alternative<MemoryOperand>(i_.operands[0]);
    if (is_memory) {
      write(0, result);
    }
    write(1, first);
    if (!is_memory) {
      write(0, result);
    }
  }

  Word sum(const Word& a, const Word& b) {
    const Word result = masked(a + b);
    set_sum_flags(a, b, result);
    m_.flags().cf = less(result, a);
    return result;
  }

  Word sum_with_carry(const Word& a, const Word& b) {
    const Word carry = select(m_.flags().cf, number(1), number(0));
    const Word result = masked(a + b + carry);
    set_sum_flags(a, b, result);
    // The carry out of a full adder, from its inputs and its sum.
    m_.flags().cf = bit_of((a & b) | ((a | b) & ~result), top());
    return result;
  }

  void set_sum_flags(const Word& a, const Word& b, const Word& result) {
    set_result_flags(result);
    m_.flags().of = bit_of((a ^ result) & (b ^ result), top());
    m_.flags().af = bit_of(a ^ b ^ result, 4);
  }

  Word difference(const Word& a, const Word& b) {
    const Word result = masked(a - b);
    set_difference_flags(a, b, result);
    m_.flags().cf = less(a, b);
    m_.flags().zf = equal(a, b);
    return result;
  }

  Word difference_with_borrow(const Word& a, const Word& b) {
    const Word borrow = select(m_.flags().cf, number(1), number(0));
    const Word result = masked(a - b - borrow);
    set_difference_flags(a, b, result);
    m_.flags().cf = bit_of((~a & b) | ((~a | b) & result), top());
    return result;
  }

  void set_difference_flags(const Word& a, const Word& b, const Word& result) {
    set_result_flags(result);
    m_.flags().of = bit_of((a ^ b) & (a ^ result), top());
    m_.flags().af = bit_of(a ^ b ^ result, 4);
  }

  void multiply_operands() {
    if (i_.operation == Operation::mulx) {
      return multiply_without_flags();
    }
    const Bit overflow = i_.operation == Operation::mul ? multiply_unsigned()
                         : i_.operands.size() == 1      ? multiply_signed_accumulator()
                                                        : multiply_signed();
    Flags<Bit>& flags = m_.flags();
    flags.cf = overflow;
    flags.of = overflow;
    flags.sf = unknown(Flag::sf);
    flags.zf = unknown(Flag::zf);
    flags.af = unknown(Flag::af);
    flags.pf = unknown(Flag::pf);
  }

  /// The upper half is written last, so it stays if both halves go to one register.
  void multiply_without_flags() {
    const Word a = masked(m_.read(Register::rdx));
    const Word b = read(2);
    const Word low = multiply(a, b);
    const Word high = bits_ == 64 ? multiply_high(a, b) : shift_right(low, bits_);
    write(1, masked(low));
    write(0, high);
  }

  /// Into RDX:RAX, EDX:EAX, DX:AX or AX; returns whether the upper half is needed.
  Bit multiply_unsigned() {
    const Word a = masked(m_.read(Register::rax));
    const Word b = read(0);
    const Word low = multiply(a, b);
    const Word high = bits_ == 64 ? multiply_high(a, b) : shift_right(low, bits_);
    write_product(low, high);
    return logical_not(equal(high, number(0)));
  }

  /// The same for signed numbers; returns whether the upper half is more than the lower one's sign.
  Bit multiply_signed_accumulator() {
    const Word a = sign_extended(masked(m_.read(Register::rax)), bits_);
    const Word b = sign_extended(read(0), bits_);
    const Word low = multiply(a, b);
    const Word high = bits_ == 64 ? signed_high(a, b) : masked(shift_right(low, bits_));
    write_product(low, high);
    return logical_not(equal(high, select(bit_of(low, top()), number(ones(bits_)), number(0))));
  }

  void write_product(const Word& low, const Word& high) {
    if (bits_ == 8) {
      return write_register(Register::rax, masked(low, 16), 16);
    }
    write_register(Register::rax, masked(low), bits_);
    write_register(Register::rdx, high, bits_);
  }

  /// Two or three operands; returns whether the result differs from the full product.
  Bit multiply_signed() {
    const std::size_t first = i_.operands.size() == 3 ? 1 : 0;
    const Word a = sign_extended(read(first), bits_);
    const Word b = sign_extended(read(first + 1), bits_);
    const Word low = multiply(a, b);
    const Word result = masked(low);
    write(0, result);
    if (bits_ < 64) {
      return logical_not(equal(low, sign_extended(result, bits_)));
    }
    return logical_not(
        equal(signed_high(a, b), select(bit_of(low, 63), number(~std::uint64_t{0}), number(0))));
  }

  /// Signed from unsigned: an operand with its sign bit set counts 2^64 too much.
  Word signed_high(const Word& a, const Word& b) const {
    const Word zero = number(0);
    return multiply_high(a, b) - select(bit_of(a, 63), b, zero) - select(bit_of(b, 63), a, zero);
  }
};

}  // namespace fiberproof::verify
