#include "verify/machine/symbolic_machine.hpp"

#include <fmt/format.h>
#include <utility>

namespace fiberproof::verify {
namespace {

template <std::size_t... Index>
std::array<Term, register_count> unknown_registers(std::string_view epoch,
                                                   std::index_sequence<Index...>) {
  return {variable(fmt::format("{}.{}", epoch, name(static_cast<Register>(Index))))...};
}

Flags<Formula> unknown_flags(std::string_view epoch) {
  const auto flag = [epoch](const char* name) {
    return truth_variable(fmt::format("{}.{}", epoch, name));
  };
  return {flag("cf"), flag("pf"), flag("af"), flag("zf"), flag("sf"), flag("of")};
}

Modes<Term, Formula> unknown_modes(std::string_view epoch) {
  return {variable(fmt::format("{}.mxcsr", epoch)) & word(mxcsr_bits),
          (variable(fmt::format("{}.x87_control", epoch)) & word(x87_control_bits)) |
              word(x87_control_always),
          truth_variable(fmt::format("{}.df", epoch))};
}

}  // namespace

SymbolicMachine::SymbolicMachine(const Regions* regions, Memory memory, std::string_view epoch)
    : regions_(regions),
      memory_(std::move(memory)),
      registers_(unknown_registers(epoch, std::make_index_sequence<register_count>{})),
      flags_(unknown_flags(epoch)),
      modes_(unknown_modes(epoch)),
      epoch_(epoch) {}

Formula SymbolicMachine::unknown_bit(Flag) {
  return truth_variable(fmt::format("{}.undefined_flag.{}", epoch_, unknown_bits_++));
}

Formula SymbolicMachine::unknown_bit_where(Formula condition, Flag flag, Formula otherwise) {
  if (condition.as_constant() == false) return otherwise;
  return logical_or(logical_and(condition, unknown_bit(flag)),
                    logical_and(logical_not(condition), otherwise));
}

Term SymbolicMachine::unknown_word_where(Formula condition, Register, Term otherwise) {
  if (condition.as_constant() == false) return otherwise;
  return select(condition,
                variable(fmt::format("{}.undefined_register.{}", epoch_, unknown_words_++)),
                otherwise);
}

Term SymbolicMachine::load(Term address, unsigned bytes) {
  const auto location = locate_or_fault(address, "load");
  if (!location) return word(0);
  accesses.push_back({instruction, *location, bytes, false, read(Register::rsp)});
  const auto value = memory_.load(*location, bytes, path);
  if (!value) {
    if (!fault) fault = value.error();
    return word(0);
  }
  return *value;
}

void SymbolicMachine::store(Term address, Term value, unsigned bytes) {
  if (const auto location = locate_or_fault(address, "store")) {
    accesses.push_back({instruction, *location, bytes, true, read(Register::rsp)});
    memory_.store(*location, value, bytes);
  }
}

std::optional<Location> SymbolicMachine::locate_or_fault(Term address, const char* access) {
  const auto location = locate(*regions_, address);
  if (!location) {
    if (!fault) {
      fault = fmt::format("a {} at {:#x} outside every region: {}", access, instruction,
                          location.error());
      fault_is_outside = true;
    }
    return std::nullopt;
  }
  return *location;
}

void SymbolicMachine::forget_across_call(const std::string& epoch) {
  const SymbolicMachine unknown(regions_, memory_, epoch);
  for (const Register lost :
       {Register::rax, Register::rcx, Register::rdx, Register::rsi, Register::rdi, Register::r8,
        Register::r9, Register::r10, Register::r11}) {
    write(lost, unknown.read(lost));
  }
  flags_ = unknown.flags_;
  modes_.mxcsr = (modes_.mxcsr & word(mxcsr_control_bits)) |
                 (unknown.modes_.mxcsr & word(~mxcsr_control_bits));
  modes_.df = logical_and(modes_.df, unknown.modes_.df);
  memory_.havoc(epoch);
  epoch_ = epoch;
}

}  // namespace fiberproof::verify
