// Single-bit operations of step_semantics.hpp: logic, shifts, rotates, bit tests and bit counts. A
// count may be a Word: each power of two is then shifted by or not, so that a CPU never needs a
// shift by a Word.
#pragma once

#include "verify/x86/cpu.hpp"
#include "verify/x86/step_operands.hpp"

#include <cstdint>
#include <variant>

namespace fiberproof::verify {

template <Cpu M>
class StepBits : protected StepOperands<M> {
 protected:
  using Base = StepOperands<M>;
  using Word = typename M::Word;
  using Bit = typename M::Bit;
  using Base::bits_, Base::choose, Base::i_, Base::m_, Base::masked, Base::number, Base::ones,
      Base::read, Base::set_result_flags, Base::sign_extended, Base::top, Base::truth,
      Base::unknown, Base::write, Base::write_register;

  StepBits(M& cpu, const Instruction& instruction) : Base(cpu, instruction) {}

  void combine_bits() {
    if (i_.operation == Operation::not_) {  // no flags
      return write(0, masked(~read(0)));
    }
    const Word a = read(0);
    const Word b = read(1);
    const Word result = i_.operation == Operation::or_    ? Word(a | b)
                        : i_.operation == Operation::xor_ ? Word(a ^ b)
                                                          : Word(a & b);
    set_result_flags(result);
    m_.flags().cf = truth(false);
    m_.flags().of = truth(false);
    m_.flags().af = unknown(Flag::af);
    if (i_.operation != Operation::test) {
      write(0, result);
    }
  }

  // Shifts.

  void shift() {
    const auto* const immediate = std::get_if<Immediate>(&i_.operands[1]);
    if (immediate == nullptr) {
      return shift_by_cl();
    }
    const auto count = static_cast<unsigned>(immediate->value & count_mask());
    const Word a = read(0);
    if (count == 0) {  // no flags, but a 32-bit register is zero-extended all the same
      return write(0, a);
    }
    const Word result = shifted(a, count);
    Flags<Bit>& flags = m_.flags();
    set_result_flags(result);
    flags.cf = shifted_out(a, count);
    flags.of = count == 1 ? shift_overflow(a, result, flags.cf) : unknown(Flag::of);
    flags.af = unknown(Flag::af);
    write(0, result);
  }

  /// SHLD, SHRD: the second operand's bits come in.
  void shift_double() {
    const Word a = read(0);
    const Word b = read(1);
    const Word count = read_count(2);
    const Word rest = count ^ number(bits_ - 1);  // width - 1 - count
    const bool is_left = i_.operation == Operation::shld;
    const Word result =
        is_left ? masked(shifted_left(a, count) | shifted_right(shift_right(b, 1), rest))
                : masked(shifted_right(a, count) | shifted_left(shift_left(b, 1), rest));
    const Word before_last = count - number(1);
    const Bit carry = is_left ? bit_of(shifted_left(a, before_last), top())
                              : bit_of(shifted_right(a, before_last), 0);
    set_flags_by_count(result, count, carry, truth(false),
                       logical_xor(bit_of(a, top()), bit_of(result, top())));
    write(0, result);
  }

  /// SHLX, SHRX, SARX and RORX change no flags.
  void shift_without_flags() {
    const Word a = read(1);
    const Word count = read_count(2);
    switch (i_.operation) {
      case Operation::shlx: return write(0, masked(shifted_left(a, count)));
      case Operation::shrx: return write(0, shifted_right(a, count));
      case Operation::sarx:
        return write(0, masked(shifted_arithmetically(sign_extended(a, bits_), count)));
      default: return write(0, rotated_right(a, count));
    }
  }

  // Rotates.

  void rotate() {
    const Word a = read(0);
    const Word count = read_count(1);
    const bool is_left = i_.operation == Operation::rol;
    const Word result = is_left ? rotated_left(a, count) : rotated_right(a, count);
    const Bit carry = bit_of(result, is_left ? 0 : top());
    const Bit overflow =
        logical_xor(bit_of(result, top()), is_left ? carry : bit_of(result, top() - 1));
    set_rotate_flags(count, carry, overflow);
    write(0, result);
  }

  void rotate_through_carry() {
    const bool is_left = i_.operation == Operation::rcl;
    const Word count = read_count(1);
    Word a = read(0);
    Bit carry = m_.flags().cf;
    Bit overflow = logical_xor(bit_of(a, top()), is_left ? bit_of(a, top() - 1) : carry);
    for (unsigned done = 0; done < count_mask(); ++done) {
      const Bit is_active = less(number(done), count);
      const Bit out = bit_of(a, is_left ? top() : 0);
      const Word in = select(carry, number(is_left ? 1 : std::uint64_t{1} << top()), number(0));
      const Word next = (is_left ? masked(shift_left(a, 1)) : shift_right(a, 1)) | in;
      a = select(is_active, next, a);
      carry = choose(is_active, out, carry);
    }
    set_rotate_flags(count, carry, overflow);
    write(0, a);
  }

  // Single bits.

  void test_bit() {
    const Word a = read(0);
    const Word mask = shifted_left(number(1), read(1) & number(bits_ - 1));
    Flags<Bit>& flags = m_.flags();
    flags.cf = logical_not(equal(a & mask, number(0)));
    flags.of = unknown(Flag::of);
    flags.sf = unknown(Flag::sf);
    flags.af = unknown(Flag::af);
    flags.pf = unknown(Flag::pf);
    switch (i_.operation) {
      case Operation::bts: return write(0, a | mask);
      case Operation::btr: return write(0, a & ~mask);
      case Operation::btc: return write(0, a ^ mask);
      default: return;
    }
  }

  void count_bits() {
    const Word source = read(1);
    const Bit is_zero = equal(source, number(0));
    Flags<Bit>& flags = m_.flags();
    if (i_.operation == Operation::popcnt) {
      flags = {truth(false), truth(false), truth(false), is_zero, truth(false), truth(false)};
      return write(0, population(source));
    }
    const bool from_below = i_.operation == Operation::bsf || i_.operation == Operation::tzcnt;
    const Word zeros = from_below ? population(masked(~source & (source - number(1))))
                                  : number(bits_) - population(spread_down(source));
    flags.of = unknown(Flag::of);
    flags.sf = unknown(Flag::sf);
    flags.af = unknown(Flag::af);
    flags.pf = unknown(Flag::pf);
    if (i_.operation == Operation::tzcnt || i_.operation == Operation::lzcnt) {
      flags.cf = is_zero;
      flags.zf = equal(zeros, number(0));
      return write(0, zeros);
    }
    flags.cf = unknown(Flag::cf);
    flags.zf = is_zero;
    // Undefined for zero, and then the whole register (SDM vol. 2, BSF: "content is undefined").
    write(0, from_below ? zeros : masked(number(bits_ - 1) - zeros));
    const Register name = std::get<RegisterOperand>(i_.operands[0]).name;
    m_.write(name, m_.unknown_word_where(is_zero, name, m_.read(name)));
  }

  /// ANDN and BLSR, BLSI, BLSMSK (BMI1), BEXTR and BZHI.
  void extract_bits() {
    const Word a = read(1);
    const Word zero = number(0);
    Bit carry = equal(a, zero);
    Word result = a;
    switch (i_.operation) {
      case Operation::andn:
        result = masked(~a) & read(2);
        carry = truth(false);
        break;
      case Operation::blsr: result = masked(a - number(1)) & a; break;
      case Operation::blsmsk: result = masked(a - number(1)) ^ a; break;
      case Operation::blsi:
        result = masked(zero - a) & a;
        carry = logical_not(carry);
        break;
      case Operation::bzhi: {
        const Word kept = read(2) & number(0xff);
        const Bit keeps_all = logical_not(less(kept, number(bits_)));
        result = a & select(keeps_all, number(ones(bits_)), low_ones(kept));
        carry = keeps_all;
        break;
      }
      default: {  // bextr
        const Word control = read(2);
        const Word start = control & number(0xff);
        const Word length = shift_right(control, 8) & number(0xff);
        const Word from_start = select(less(start, number(64)), every_shift_right(a, start), zero);
        result = from_start & select(less(length, number(64)), low_ones(length), ~zero);
        carry = truth(false);
      }
    }
    set_result_flags(result);
    Flags<Bit>& flags = m_.flags();
    flags.cf = carry;
    flags.of = truth(false);
    flags.af = unknown(Flag::af);
    flags.pf = unknown(Flag::pf);
    if (i_.operation == Operation::bextr) {
      flags.sf = unknown(Flag::sf);
    }
    write(0, result);
  }

  /// The bytes of a value of the instruction's width in reverse order.
  Word reversed(const Word& value) const {
    constexpr std::uint64_t bytes = 0x00ff'00ff'00ff'00ff;
    constexpr std::uint64_t pairs = 0x0000'ffff'0000'ffff;
    Word made = shift_left(value & number(bytes), 8) | (shift_right(value, 8) & number(bytes));
    made = shift_left(made & number(pairs), 16) | (shift_right(made, 16) & number(pairs));
    made = shift_left(made, 32) | shift_right(made, 32);
    return bits_ == 64 ? made : shift_right(made, 64 - bits_);
  }

 private:
  std::uint64_t count_mask() const { return bits_ == 64 ? 63 : 31; }
  Word read_count(std::size_t index) const { return read(index) & number(count_mask()); }

  // Applies `step(value, 2^n)` for each set bit n of `count`, 6 of them at most.
  template <class Step>
  static Word by_count(Word value, const Word& count, unsigned count_bits, Step step) {
    for (unsigned index = 0; index < count_bits; ++index) {
      value = select(bit_of(count, index), step(value, 1u << index), value);
    }
    return value;
  }
  unsigned count_bits() const { return bits_ == 64 ? 6 : 5; }

  Word shifted_left(const Word& a, const Word& count) const {
    return by_count(a, count, count_bits(),
                    [](const Word& value, unsigned by) { return shift_left(value, by); });
  }
  Word shifted_right(const Word& a, const Word& count) const {
    return by_count(a, count, count_bits(),
                    [](const Word& value, unsigned by) { return shift_right(value, by); });
  }
  static Word every_shift_right(const Word& a, const Word& count) {
    return by_count(a, count, 6,
                    [](const Word& value, unsigned by) { return shift_right(value, by); });
  }
  Word shifted_arithmetically(const Word& a, const Word& count) const {
    return by_count(a, count, count_bits(), [](const Word& value, unsigned by) {
      const Word right = shift_right(value, by);
      return select(bit_of(value, 63), Word(right | number(~(~std::uint64_t{0} >> by))), right);
    });
  }
  Word rotated_left(const Word& a, const Word& count) const {
    return by_count(a, count, count_bits(),
                    [this](const Word& value, unsigned by) { return turned(value, by % bits_); });
  }
  Word rotated_right(const Word& a, const Word& count) const {
    return by_count(a, count, count_bits(), [this](const Word& value, unsigned by) {
      return turned(value, (bits_ - by % bits_) % bits_);
    });
  }
  Word turned(const Word& value, unsigned left) const {
    return left == 0 ? value
                     : Word(masked(shift_left(value, left)) | shift_right(value, bits_ - left));
  }
  /// 2^count - 1, for a count below 64.
  static Word low_ones(const Word& count) {
    return by_count(number(1), count, 6,
                    [](const Word& value, unsigned by) { return shift_left(value, by); }) -
           number(1);
  }

  void shift_by_cl() {
    const Word a = read(0);
    const Word count = read_count(1);
    const Word before_last = count - number(1);  // meaningless for 0, and not used then
    Word result = a;
    Bit carry = truth(false);
    switch (i_.operation) {
      case Operation::shl:
        result = masked(shifted_left(a, count));
        carry = bit_of(shifted_left(a, before_last), top());
        break;
      case Operation::shr:
        result = shifted_right(a, count);
        carry = bit_of(shifted_right(a, before_last), 0);
        break;
      default: {  // sar
        const Word wide = sign_extended(a, bits_);
        result = masked(shifted_arithmetically(wide, count));
        carry = bit_of(shifted_arithmetically(wide, before_last), 0);
      }
    }
    const Bit loses_carry =
        i_.operation == Operation::sar ? truth(false) : logical_not(less(count, number(bits_)));
    set_flags_by_count(result, count, carry, loses_carry, shift_overflow(a, result, carry));
    write(0, result);
  }

  // A count of 0 changes no flag; OF is defined for 1.
  void set_flags_by_count(const Word& result, const Word& count, const Bit& carry,
                          const Bit& loses_carry, const Bit& overflow_by_one) {
    const Flags<Bit> before = m_.flags();
    const Bit changes = logical_not(equal(count, number(0)));
    Flags<Bit>& flags = m_.flags();
    set_result_flags(result);
    flags.pf = choose(changes, flags.pf, before.pf);
    flags.zf = choose(changes, flags.zf, before.zf);
    flags.sf = choose(changes, flags.sf, before.sf);
    flags.af = m_.unknown_bit_where(changes, Flag::af, before.af);
    flags.cf = before.cf;
    flags.of = before.of;
    set_rotate_flags(count, carry, overflow_by_one);
    flags.cf = m_.unknown_bit_where(logical_and(changes, loses_carry), Flag::cf, flags.cf);
  }

  void set_rotate_flags(const Word& count, const Bit& carry, const Bit& overflow_by_one) {
    Flags<Bit>& flags = m_.flags();
    const Bit changes = logical_not(equal(count, number(0)));
    const Bit is_one = equal(count, number(1));
    flags.cf = choose(changes, carry, flags.cf);
    flags.of = m_.unknown_bit_where(logical_and(changes, logical_not(is_one)), Flag::of,
                                    choose(is_one, overflow_by_one, flags.of));
  }

  Word shifted(const Word& a, unsigned count) const {
    switch (i_.operation) {
      case Operation::shl: return masked(shift_left(a, count));
      case Operation::shr: return shift_right(a, count);
      default: {  // sar
        const Word right = shift_right(sign_extended(a, bits_), count);
        const Word signs = number(~(~std::uint64_t{0} >> count));
        return masked(select(bit_of(a, top()), Word(right | signs), right));
      }
    }
  }

  /// CF: the last bit shifted out. Undefined for shl and shr by the operand's width or more.
  Bit shifted_out(const Word& a, unsigned count) {
    if (i_.operation == Operation::sar) {
      return bit_of(a, count > top() ? top() : count - 1);
    }
    if (count >= bits_) {
      return unknown(Flag::cf);
    }
    return bit_of(a, i_.operation == Operation::shl ? bits_ - count : count - 1);
  }

  /// OF of a shift by one, given its CF; undefined for any other.
  Bit shift_overflow(const Word& a, const Word& result, const Bit& carry) const {
    switch (i_.operation) {
      case Operation::shl: return logical_xor(bit_of(result, top()), carry);
      case Operation::shr: return bit_of(a, top());
      default: return truth(false);
    }
  }

  static Word population(Word value) {
    value = value - (shift_right(value, 1) & number(0x5555'5555'5555'5555));
    value = (value & number(0x3333'3333'3333'3333)) +
            (shift_right(value, 2) & number(0x3333'3333'3333'3333));
    value = (value + shift_right(value, 4)) & number(0x0f0f'0f0f'0f0f'0f0f);
    value = value + shift_right(value, 8);
    value = value + shift_right(value, 16);
    return (value + shift_right(value, 32)) & number(0x7f);
  }

  /// Ones from the highest one down.
  static Word spread_down(Word value) {
    for (unsigned by = 1; by < 64; by *= 2) {
      value = value | shift_right(value, by);
    }
    return value;
  }
};

}  // namespace fiberproof::verify
