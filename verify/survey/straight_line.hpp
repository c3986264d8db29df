// What registers hold along straight-line code, by the loads that made it: a register where the
// line begins, the word at such a value, or a place in the code, plus a number. Anything else is
// unknown.
#pragma once

#include "verify/x86/instruction.hpp"
#include "verify/x86/instruction_effects.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace fiberproof::verify {

struct LineValue {
  enum class Kind : std::uint8_t { other, entry, loaded, address };
  Kind kind = Kind::other;
  Register reg = Register::rax;  ///< of an entry
  std::size_t load = 0;          ///< which load of the line; two of one address may differ
  std::uint64_t offset = 0;      ///< added to it; the place itself, for an address

  bool is_known() const { return kind != Kind::other; }
  bool is_entry_of(Register wanted) const {
    return kind == Kind::entry && reg == wanted && offset == 0;
  }
  LineValue plus(std::uint64_t number) const;

  /// Whether both are certainly one value: nothing is the same as an unknown one.
  bool is_same_as(const LineValue& other) const;
};

struct LineStore {
  LineValue address;
  LineValue value;
};

class StraightLine {
 public:
  StraightLine();

  void step(const Instruction& instruction);
  /// An instruction has run that step() does not know, and changed these.
  void forget(const RegisterParts& changed);
  /// For a caller that knows more, such as which word a pop has loaded.
  void set(Register reg, const LineValue& value) { values_[static_cast<std::size_t>(reg)] = value; }

  LineValue value_of(Register reg) const { return values_[static_cast<std::size_t>(reg)]; }
  /// A word of memory is a new load.
  LineValue value_of(const Operand& operand);
  /// The address from which a loaded value, less its offset, was loaded.
  const LineValue& pointer_of(const LineValue& loaded) const { return pointers_[loaded.load]; }
  /// The words that were stored, in order.
  const std::vector<LineStore>& stores() const { return stores_; }

 private:
  LineValue address_of(const MemoryOperand& memory) const;
  LineValue result(const Instruction& instruction);

  std::array<LineValue, register_count> values_;
  std::vector<LineValue> pointers_;
  std::vector<LineStore> stores_;
};

}  // namespace fiberproof::verify
