// The body of step(), which being a template is in a header; step.hpp is the contract. One member
// function a family of instructions.
#pragma once

#include "verify/x86/cpu.hpp"
#include "verify/x86/step.hpp"
#include "verify/x86/step_bits.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <variant>

namespace fiberproof::verify {

/// Whether the operands are of the number and kind that the operation has.
bool is_well_formed(const Instruction& instruction);

template <Machine M>
class Step : private StepBits<M> {
  using Base = StepBits<M>;
  using Word = typename M::Word;
  using Bit = typename M::Bit;

 public:
  using Outcome = Control<Word, Bit>;

  Step(M& machine, const Instruction& instruction) : Base(machine, instruction) {}

  Outcome run() {
    switch (i_.operation) {
      case Operation::jmp:
      case Operation::jcc:
      case Operation::call:
      case Operation::ret:
      case Operation::ud2:
      case Operation::int3: return transfer();
      case Operation::push:
      case Operation::pop:
      case Operation::leave: use_stack(); break;
      case Operation::add:
      case Operation::adc:
      case Operation::xadd:
      case Operation::sub:
      case Operation::sbb:
      case Operation::cmp:
      case Operation::neg:
      case Operation::inc:
      case Operation::dec: add_or_subtract(); break;
      case Operation::mul:
      case Operation::imul:
      case Operation::mulx: multiply_operands(); break;
      case Operation::and_:
      case Operation::or_:
      case Operation::xor_:
      case Operation::not_:
      case Operation::test: this->combine_bits(); break;
      case Operation::shl:
      case Operation::shr:
      case Operation::sar: this->shift(); break;
      case Operation::shld:
      case Operation::shrd: this->shift_double(); break;
      case Operation::shlx:
      case Operation::shrx:
      case Operation::sarx:
      case Operation::rorx: this->shift_without_flags(); break;
      case Operation::rol:
      case Operation::ror: this->rotate(); break;
      case Operation::rcl:
      case Operation::rcr: this->rotate_through_carry(); break;
      case Operation::andn:
      case Operation::bextr:
      case Operation::bzhi:
      case Operation::blsr:
      case Operation::blsi:
      case Operation::blsmsk: this->extract_bits(); break;
      case Operation::bt:
      case Operation::bts:
      case Operation::btr:
      case Operation::btc: this->test_bit(); break;
      case Operation::bsf:
      case Operation::bsr:
      case Operation::tzcnt:
      case Operation::lzcnt:
      case Operation::popcnt: this->count_bits(); break;
      case Operation::cmc:
      case Operation::clc:
      case Operation::stc:
      case Operation::lahf:
      case Operation::sahf: move_flags(); break;
      case Operation::cld:
      case Operation::std:
      case Operation::ldmxcsr:
      case Operation::stmxcsr:
      case Operation::fldcw:
      case Operation::fnstcw: return change_or_save_modes();
      case Operation::nop:
      case Operation::endbr64: break;
      default: move();
    }
    return Next{};
  }

 private:
  using Base::address, Base::bits_, Base::holds, Base::i_, Base::m_, Base::masked, Base::number,
      Base::ones, Base::operand_bits, Base::read, Base::reversed, Base::set_result_flags,
      Base::sign_extended, Base::top, Base::truth, Base::unknown, Base::write, Base::write_register;

  // Moves.

  void move() {
    switch (i_.operation) {
      case Operation::mov:
      case Operation::movzx: return write(0, read(1));
      case Operation::movbe: return write(0, reversed(read(1)));
      case Operation::bswap: return write(0, reversed(read(0)));
      case Operation::movsx: return write(0, masked(sign_extended(read(1), operand_bits(1))));
      case Operation::lea:
        return write(0, masked(address(std::get<MemoryOperand>(i_.operands[1]))));
      case Operation::xchg: {
        const Word first = read(0);
        const Word second = read(1);
        write(0, second);
        return write(1, first);
      }
      case Operation::cmov: {
        // The source is read and the destination written also where the condition is false.
        const Word source = read(1);
        return write(0, select(holds(i_.condition), source, read(0)));
      }
      case Operation::set: return write(0, select(holds(i_.condition), number(1), number(0)));
      case Operation::sign_extend_accumulator: {  // from half the width
        const Word half = masked(m_.read(Register::rax), bits_ / 2);
        return write_register(Register::rax, masked(sign_extended(half, bits_ / 2)), bits_);
      }
      default: {  // sign_extend_into_rdx
        const Bit negative = bit_of(m_.read(Register::rax), top());
        return write_register(Register::rdx, select(negative, number(ones(bits_)), number(0)),
                              bits_);
      }
    }
  }

  void use_stack() {
    switch (i_.operation) {
      case Operation::push: return push(read(0));
      case Operation::pop: {
        const Word rsp = m_.read(Register::rsp);
        const Word value = m_.load(rsp, 8);
        // A destination that is RSP is written last; one in memory is addressed with the new RSP.
        m_.write(Register::rsp, rsp + number(8));
        return write(0, value);
      }
      default: {  // leave
        const Word rbp = m_.read(Register::rbp);
        const Word value = m_.load(rbp, 8);
        m_.write(Register::rsp, rbp + number(8));
        return m_.write(Register::rbp, value);
      }
    }
  }

  void push(const Word& value) {
    const Word below = m_.read(Register::rsp) - number(8);
    m_.store(below, value, 8);
    m_.write(Register::rsp, below);
  }

  // Arithmetic.

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
    // An operand in memory is addressed before a register changes; where both are one register, the
    // sum is what stays.
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

  /// The upper half is written last: it is what stays where both halves go to one register.
  void multiply_without_flags() {
    const Word a = masked(m_.read(Register::rdx));
    const Word b = read(2);
    const Word low = multiply(a, b);
    const Word high = bits_ == 64 ? multiply_high(a, b) : shift_right(low, bits_);
    write(1, masked(low));
    write(0, high);
  }

  /// Into RDX:RAX, EDX:EAX, DX:AX or AX; whether the upper half is needed.
  Bit multiply_unsigned() {
    const Word a = masked(m_.read(Register::rax));
    const Word b = read(0);
    const Word low = multiply(a, b);
    const Word high = bits_ == 64 ? multiply_high(a, b) : shift_right(low, bits_);
    write_product(low, high);
    return logical_not(equal(high, number(0)));
  }

  /// The same of signed numbers; whether the upper half is more than the lower one's sign.
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

  /// Two or three operands; whether the result is not the product.
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

  // Flags (SDM vol. 1, figure 3-8: bit 1 is always set).

  void move_flags() {
    Flags<Bit>& flags = m_.flags();
    switch (i_.operation) {
      case Operation::cmc: flags.cf = logical_not(flags.cf); return;
      case Operation::clc:
      case Operation::stc: flags.cf = truth(i_.operation == Operation::stc); return;
      case Operation::lahf: {
        const auto at = [](const Bit& flag, unsigned index) {
          return select(flag, number(std::uint64_t{1} << (8 + index)), number(0));
        };
        const Word ah = at(flags.sf, 7) | at(flags.zf, 6) | at(flags.af, 4) | at(flags.pf, 2) |
                        at(flags.cf, 0) | number(0x0200);
        return m_.write(Register::rax,
                        (m_.read(Register::rax) & number(~std::uint64_t{0xff00})) | ah);
      }
      default: {  // sahf
        const Word rax = m_.read(Register::rax);
        flags.sf = bit_of(rax, 15);
        flags.zf = bit_of(rax, 14);
        flags.af = bit_of(rax, 12);
        flags.pf = bit_of(rax, 10);
        flags.cf = bit_of(rax, 8);
      }
    }
  }

  // Modes.

  Outcome change_or_save_modes() {
    Modes<Word, Bit>& modes = m_.modes();
    switch (i_.operation) {
      case Operation::cld:
      case Operation::std: modes.df = truth(i_.operation == Operation::std); return Next{};
      case Operation::stmxcsr: write(0, modes.mxcsr); return Next{};
      case Operation::fnstcw: write(0, modes.x87_control); return Next{};
      case Operation::fldcw:
        modes.x87_control = (read(0) & number(x87_control_bits)) | number(x87_control_always);
        return Next{};
      default: {  // ldmxcsr
        const Word value = read(0);
        modes.mxcsr = value & number(mxcsr_bits);
        return Guarded<Bit>{equal(value & number(~mxcsr_bits), number(0))};
      }
    }
  }

  // Control.

  Outcome transfer() {
    switch (i_.operation) {
      case Operation::jmp:
        if (const auto* direct = std::get_if<Immediate>(&i_.operands[0])) {
          return Jump{direct->value};
        }
        return IndirectJump<Word>{read(0)};
      case Operation::jcc:
        return Branch<Bit>{holds(i_.condition), std::get<Immediate>(i_.operands[0]).value};
      case Operation::call: {
        if (const auto* direct = std::get_if<Immediate>(&i_.operands[0])) {
          push(number(i_.next_address()));
          return Call{direct->value, i_.next_address()};
        }
        const Word target = read(0);  // before the push: the operand may use RSP
        push(number(i_.next_address()));
        return IndirectCall<Word>{target, i_.next_address()};
      }
      case Operation::ret: {
        const Word rsp = m_.read(Register::rsp);
        const Word target = m_.load(rsp, 8);
        m_.write(Register::rsp, rsp + number(8));
        return Return<Word>{target};
      }
      default: return Trap{};
    }
  }
};

template <Machine M>
std::expected<Control<typename M::Word, typename M::Bit>, StepError> step(
    M& machine, const Instruction& instruction) {
  if (!is_well_formed(instruction)) {
    return std::unexpected(
        StepError{instruction.address, instruction.text, "its operands do not fit its operation"});
  }
  return Step<M>(machine, instruction).run();
}

}  // namespace fiberproof::verify
