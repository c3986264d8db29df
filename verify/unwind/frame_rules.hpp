// The call frame information of an object file: how an unwinder at an address finds the caller's
// registers (DWARF 5, 6.4). It is read from `.eh_frame` of a linked file; `.debug_frame` is
// ignored, since no unwinder of a running program reads it.
//
// Relies on libdw for the tables and their encodings; no type of it appears here. Where the file
// says nothing of a register, libdw answers with a default of its own that looks like a rule;
// is_said_undefined() asks the file itself.
#pragma once

#include "verify/object/object_file.hpp"

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// Registers by their DWARF numbers (psABI, figure 3.36): 0 … 15 general purpose, 16 the return
/// address.
enum class DwarfRegister : std::uint8_t {
  rax,
  rdx,
  rcx,
  rbx,
  rsi,
  rdi,
  rbp,
  rsp,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15,
  return_address
};
inline constexpr std::size_t dwarf_register_count = 17;

std::string_view name(DwarfRegister reg);

/// One operation of a DWARF expression (DWARF 5, 2.5 and 7.7.1): its code and its operands.
struct DwarfOperation {
  std::uint8_t code;
  std::uint64_t operand = 0;
  std::uint64_t second_operand = 0;
  friend bool operator==(const DwarfOperation&, const DwarfOperation&) = default;
};
using DwarfExpression = std::vector<DwarfOperation>;

/// How the caller's value of one register is found (DWARF 5, 6.4.1).
struct RegisterRule {
  enum class Kind : std::uint8_t {
    undefined,    ///< unrecoverable
    same_value,   ///< unchanged
    in_memory,    ///< at the address that the expression yields
    in_register,  ///< in the register that the expression's only operation names
    is_value,     ///< the value of the expression
  };
  Kind kind;
  DwarfExpression expression;
  friend bool operator==(const RegisterRule&, const RegisterRule&) = default;
};

/// The rules at the addresses [begin, end).
struct FrameRules {
  std::uint64_t begin;
  std::uint64_t end;
  DwarfExpression cfa;
  std::array<RegisterRule, dwarf_register_count> registers;
  std::uint64_t return_address;  ///< number of the register whose rule yields the caller's RIP
  /// Augmentation `S`: the caller was interrupted, not left by a call, so that its own rules are
  /// those at its RIP. For any other frame the caller's rules are looked up at RIP − 1.
  bool is_signal_frame;

  const RegisterRule& of(DwarfRegister reg) const {
    return registers[static_cast<std::size_t>(reg)];
  }
  friend bool operator==(const FrameRules&, const FrameRules&) = default;
};

/// One line about RSP, RBP and RIP: `CFA = rbp-8 deref, rsp CFA, rbp in memory at CFA rbp+0, …`.
std::string text(const FrameRules& rules);
std::string text(const DwarfExpression& expression);

/// The name of an operation, as in `DW_OP_piece`, or its number in hexadecimal.
std::string operation_name(std::uint8_t code);

class CallFrameInformation {
 public:
  /// Reads a linked file, which must outlive it. Fails if the file is relocatable, has no call
  /// frame information, or has some that libdw rejects.
  [[nodiscard]] static std::expected<CallFrameInformation, ObjectError> read(
      const ObjectFile& file);

  const std::string& path() const { return file_->path(); }

  /// The rules for an address of the file. Fails if there are none, or malformed ones.
  [[nodiscard]] std::expected<FrameRules, ObjectError> at(std::uint64_t address) const;

  /// Whether the entry for `address` makes a register undefined from its first address on, and says
  /// nothing else of it. Fails if the entry is missing or unreadable.
  [[nodiscard]] std::expected<bool, ObjectError> is_said_undefined(std::uint64_t address,
                                                                   DwarfRegister reg) const;

  /// Whether the entry for `address` says anything of a register. Fails likewise.
  [[nodiscard]] std::expected<bool, ObjectError> is_mentioned(std::uint64_t address,
                                                              DwarfRegister reg) const;

 private:
  struct Tables;
  struct Close {
    void operator()(Tables* tables) const;
  };
  explicit CallFrameInformation(const ObjectFile& file) : file_(&file) {}

  std::unexpected<ObjectError> fail(ObjectError::Kind kind, std::string reason,
                                    std::string place) const;

  const ObjectFile* file_;
  std::unique_ptr<Tables, Close> tables_;
};

}  // namespace fiberproof::verify
