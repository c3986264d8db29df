// Which registers an instruction reads and writes, and where control continues: for every
// instruction of x86-64, also those that decode() refuses. The operands, also the implicit ones,
// are Zydis's (SDM vol. 2); no type of it appears here.
//
// A part of a register is read or written on its own, since `setz al` leaves the rest of RAX.
#pragma once

#include "verify/x86/instruction.hpp"

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// Parts of registers: bytes 0, 1, 2 and 3, and 4 to 7 of each general register; the low 128 bits
/// and the rest of each vector register; each mask register; each status flag; and the x87 stack.
class RegisterParts {
 public:
  static RegisterParts all();
  static RegisterParts of(Register whole);
  /// The parts of a general register, by its name; none if there is no such register.
  static RegisterParts named(std::string_view register_name);
  /// Registers that a callee may change (psABI 3.2.1), with flags and vectors.
  static RegisterParts changed_by_calls();

  bool any() const { return bits_.any(); }
  RegisterParts first() const;
  /// The first of them, as an assembler names it: `rax`, `ymm3`, `ZF`.
  std::string first_name() const;

  RegisterParts& operator|=(const RegisterParts& other);
  friend RegisterParts operator&(RegisterParts one, const RegisterParts& other);
  friend RegisterParts operator-(RegisterParts one, const RegisterParts& other);
  bool operator==(const RegisterParts&) const = default;

 private:
  friend class PartsOfOperands;
  static constexpr std::size_t general_first = 0;
  static constexpr std::size_t general_parts = 4;
  static constexpr std::size_t vector_first = register_count * general_parts;
  static constexpr std::size_t vector_count = 32;
  static constexpr std::size_t vector_parts = 2;
  static constexpr std::size_t mask_first = vector_first + vector_count * vector_parts;
  static constexpr std::size_t mask_count = 8;
  static constexpr std::size_t flag_first = mask_first + mask_count;
  static constexpr std::size_t flag_count = 6;  // CF, PF, AF, ZF, SF, OF
  static constexpr std::size_t x87 = flag_first + flag_count;

  std::bitset<x87 + 1> bits_;
};

struct InstructionEffects {
  /// How control leaves: to the next instruction, there or to `target`, to `target`, to a callee
  /// and back, to the caller, or never.
  enum class Flow : std::uint8_t { next, branch, jump, call, returns, stops };

  std::uint64_t address = 0;
  std::uint8_t length = 0;
  RegisterParts reads;   ///< an operand that cannot change the result, as in `xor eax, eax`, is not
                         ///< read
  RegisterParts writes;  ///< certainly; not by a conditional move
  RegisterParts changes;  ///< at most: also by a conditional move, and what keeps a part
  Flow flow = Flow::next;
  std::optional<std::uint64_t> target = {};  ///< of a direct branch, jump or call
  /// Touches what is not told apart here: the x87 stack and MMX registers, the whole state of the
  /// processor (xsave and its kind), or the kernel.
  bool is_beyond = false;

  std::uint64_t next_address() const { return address + length; }
};

/// The instruction at the start of `code`, whose first byte is at `address`; nothing if the bytes
/// are none.
std::optional<InstructionEffects> effects_at(std::uint64_t address,
                                             std::span<const std::byte> code);

/// What a search for switches looks at, decoded quickly.
struct Glance {
  std::uint8_t length = 0;  ///< 0: no instruction
  bool is_indirect_jump = false;
  std::optional<std::uint64_t> target = {};  ///< of a direct branch or jump, from the first byte on
  /// RSP is set otherwise than by a push, a pop, a call, a return, a fixed sum, or from RBP:
  /// another stack may be meant.
  bool sets_rsp = false;
  /// RSP becomes RBP, or a sum of it: `leave`, `mov rsp, rbp`.
  bool takes_rbp = false;
  /// What RBP becomes: a place on this stack or a word of it (a pop, a copy of RSP), or another
  /// word.
  enum class Rbp : std::uint8_t { unchanged, of_this_stack, of_another_word };
  Rbp rbp = Rbp::unchanged;
};

Glance glance(std::span<const std::byte> code);

/// In Intel syntax; the bytes if they are no instruction.
std::string disassembly(std::uint64_t address, std::span<const std::byte> code);

}  // namespace fiberproof::verify
