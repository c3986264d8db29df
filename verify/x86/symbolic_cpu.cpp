#include "verify/x86/symbolic_cpu.hpp"

#include "verify/smt/low_bits.hpp"

#include <fmt/format.h>
#include <algorithm>
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

SymbolicCpu::SymbolicCpu(const Regions* regions, Memory memory, std::string_view epoch)
    : regions_(regions),
      memory_(std::move(memory)),
      registers_(unknown_registers(epoch, std::make_index_sequence<register_count>{})),
      flags_(unknown_flags(epoch)),
      modes_(unknown_modes(epoch)),
      fs_base_(variable(fmt::format("{}.fs_base", epoch))),
      epoch_(epoch) {}

Formula SymbolicCpu::unknown_bit(Flag) {
  return truth_variable(fmt::format("{}.undefined_flag.{}", epoch_, unknown_bits_++));
}

Formula SymbolicCpu::unknown_bit_where(Formula condition, Flag flag, Formula otherwise) {
  if (condition.as_constant() == false) return otherwise;
  return logical_or(logical_and(condition, unknown_bit(flag)),
                    logical_and(logical_not(condition), otherwise));
}

Term SymbolicCpu::unknown_word_where(Formula condition, Register, Term otherwise) {
  if (condition.as_constant() == false) return otherwise;
  return select(condition,
                variable(fmt::format("{}.undefined_register.{}", epoch_, unknown_words_++)),
                otherwise);
}

void SymbolicCpu::write(Register name, Term value) {
  const bool is_address =
      changes_low_bits(value) && std::ranges::any_of(*regions_, [value](const Region& region) {
        return occurs(&region.base.node(), &value.node());
      });
  registers_[static_cast<std::size_t>(name)] =
      is_address ? with_decided_low_bits(value, path, memory_.solver()) : value;
}

Term SymbolicCpu::load(Term address, unsigned bytes) {
  const auto location = region_of(address);
  if (location) return load_from(*location, bytes);
  const auto found = outside({instruction, address, bytes, false, location.error()});
  if (!found) return word(0);
  const Term* const value = std::get_if<Term>(&*found);
  return value != nullptr ? *value : load_from(std::get<Location>(*found), bytes);
}

void SymbolicCpu::store(Term address, Term value, unsigned bytes) {
  const auto location = region_of(address);
  if (location) return store_to(*location, value, bytes);
  const auto found = outside({instruction, address, bytes, true, location.error()});
  if (found) store_to(std::get<Location>(*found), value, bytes);
}

void SymbolicCpu::store_unknown(Term address, unsigned bytes) {
  for (unsigned at = 0; at < bytes;) {
    const unsigned part = bytes - at >= 8 ? 8 : 1;
    store(address + word(at),
          variable(fmt::format("{}.undefined_bytes.{}", epoch_, unknown_words_++)), part);
    at += part;
  }
}

Term SymbolicCpu::load_from(const Location& location, unsigned bytes) {
  accesses.push_back({instruction, location, bytes, false, read(Register::rsp)});
  const auto value = memory_.load(location, bytes, path);
  if (!value) {
    if (!fault) fault = value.error();
    return word(0);
  }
  return *value;
}

void SymbolicCpu::store_to(const Location& location, Term value, unsigned bytes) {
  accesses.push_back({instruction, location, bytes, true, read(Register::rsp)});
  memory_.store(location, value, bytes);
}

std::expected<Location, std::string> SymbolicCpu::region_of(Term address) {
  auto location = locate(*regions_, address);
  if (location || address.as_constant()) return location;
  const Term decided = with_decided_low_bits(address, path, memory_.solver());
  return same(decided, address) ? location : locate(*regions_, decided);
}

std::optional<std::variant<Term, Location>> SymbolicCpu::outside(FileAccess access) {
  auto found = access_file(access, *regions_, path, own_memory, memory_.solver());
  if (found) return *found;
  if (!fault) {
    fault = std::move(found.error().reason);
    fault_is_outside = true;
    is_astray = found.error().is_astray;
    faulting_address = access.address;
  }
  return std::nullopt;
}

void SymbolicCpu::forget_across_call(const std::string& epoch) {
  const SymbolicCpu unknown(regions_, memory_, epoch);
  for (const Register lost :
       {Register::rax, Register::rcx, Register::rdx, Register::rsi, Register::rdi, Register::r8,
        Register::r9, Register::r10, Register::r11}) {
    write(lost, unknown.read(lost));
  }
  flags_ = unknown.flags_;
  modes_.mxcsr = (modes_.mxcsr & word(mxcsr_control_bits)) |
                 (unknown.modes_.mxcsr & word(~mxcsr_control_bits));
  modes_.df = logical_and(modes_.df, unknown.modes_.df);
  fs_base_ = unknown.fs_base_;  // another thread may have resumed this stack
  memory_.havoc(epoch);
  epoch_ = epoch;
}

void SymbolicCpu::forget_across_system_call(const std::string& epoch) {
  const SymbolicCpu unknown(regions_, memory_, epoch);
  for (const Register lost : {Register::rax, Register::rcx, Register::r11}) {
    write(lost, unknown.read(lost));
  }
  flags_ = unknown.flags_;
  fs_base_ = unknown.fs_base_;
  memory_.havoc(epoch);
  epoch_ = epoch;
}

}  // namespace fiberproof::verify
