// The body of step(), a template and therefore in a header; step.hpp is the contract. One member
// function for each family of instructions.
#pragma once

#include "verify/x86/cpu.hpp"
#include "verify/x86/step.hpp"
#include "verify/x86/step_arithmetic.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <variant>

namespace fiberproof::verify {

/// Whether the operands have the number and kinds that the operation takes.
bool is_well_formed(const Instruction& instruction);

template <Cpu M>
class Step : private StepArithmetic<M> {
  using Base = StepArithmetic<M>;
  using Word = typename M::Word;
  using Bit = typename M::Bit;

 public:
  using Outcome = Control<Word, Bit>;

  Step(M& cpu, const Instruction& instruction) : Base(cpu, instruction) {}

  Outcome run() {
    switch (i_.operation) {
      case Operation::jmp:
      case Operation::jcc:
      case Operation::call:
      case Operation::ret:
      case Operation::syscall:
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
      case Operation::dec: this->add_or_subtract(); break;
      case Operation::mul:
      case Operation::imul:
      case Operation::mulx: this->multiply_operands(); break;
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
      case Operation::fnstcw:
      case Operation::fldenv:
      case Operation::fnstenv: return change_or_save_modes();
      case Operation::nop:
      case Operation::endbr64: break;
      default: move();
    }
    return Next{};
  }

 private:
  using Base::address, Base::bits_, Base::holds, Base::i_, Base::m_, Base::masked, Base::number,
      Base::ones, Base::operand_bits, Base::read, Base::reversed, Base::sign_extended, Base::top,
      Base::truth, Base::write, Base::write_register;

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
        // The source is read and the destination written even if the condition is false.
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
      case Operation::fldcw: set_x87_control(read(0)); return Next{};
      case Operation::fldenv: {
        const Word at = address(std::get<MemoryOperand>(i_.operands[0]));
        set_x87_control(m_.load(at, 4));
        for (unsigned offset = 4; offset < x87_environment_bytes; offset += 4) {
          static_cast<void>(m_.load(at + number(offset), 4));  // not modelled, and accessed
        }
        return Next{};
      }
      case Operation::fnstenv: {
        // SDM vol. 2, FSTENV: the status, tags and pointers are not modelled, and all exceptions
        // are masked behind it.
        const Word at = address(std::get<MemoryOperand>(i_.operands[0]));
        m_.store(at, modes.x87_control, 2);
        m_.store_unknown(at + number(2), x87_environment_bytes - 2);
        modes.x87_control = modes.x87_control | number(x87_exception_masks);
        return Next{};
      }
      default: {  // ldmxcsr
        const Word value = read(0);
        modes.mxcsr = value & number(mxcsr_bits);
        return Guarded<Bit>{equal(value & number(~mxcsr_bits), number(0))};
      }
    }
  }

  void set_x87_control(const Word& value) {
    m_.modes().x87_control = (value & number(x87_control_bits)) | number(x87_control_always);
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
      case Operation::syscall: return SystemCall{};
      default: return Trap{};
    }
  }
};

template <Cpu M>
[[nodiscard]] std::expected<Control<typename M::Word, typename M::Bit>, StepError> step(
    M& cpu, const Instruction& instruction) {
  if (!is_well_formed(instruction)) {
    return std::unexpected(
        StepError{instruction.address, instruction.text, "its operands do not fit its operation"});
  }
  return Step<M>(cpu, instruction).run();
}

}  // namespace fiberproof::verify
