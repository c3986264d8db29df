// One decoded instruction as plain data: what step() gives a meaning to, and nothing else.
//
// decode() accepts an allow list: the general-purpose instructions that compilers emit for the
// routines under proof, on operands of 8 to 64 bits, and those that change or save the modes of
// floating-point arithmetic and the direction flag. Anything else is an error with its address and
// disassembly: another mnemonic, another operand form, or a prefix whose meaning is not modelled
// (LOCK, REP, GS). A prefix is skipped only if it changes nothing on any processor; README.md
// lists both. Proofs reach as far as the allow list.
//
// Relies on Zydis for the decoding; no type of it appears here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fiberproof::verify {

// In the order of their encoding (SDM vol. 2, table 2-2 and REX).
enum class Register : std::uint8_t {
  rax,
  rcx,
  rdx,
  rbx,
  rsp,
  rbp,
  rsi,
  rdi,
  r8,
  r9,
  r10,
  r11,
  r12,
  r13,
  r14,
  r15
};
constexpr std::size_t register_count = 16;

enum class Operation : std::uint8_t {
  mov,
  movzx,
  movsx,
  movbe,
  bswap,
  lea,
  xchg,
  xadd,
  push,
  pop,
  leave,
  add,
  adc,
  sub,
  sbb,
  cmp,
  neg,
  inc,
  dec,
  mul,
  imul,
  and_,
  or_,
  xor_,
  not_,
  test,
  shl,
  shr,
  sar,
  rol,
  ror,
  rcl,
  rcr,
  shld,
  shrd,
  shlx,
  shrx,
  sarx,
  rorx,
  mulx,
  andn,
  bextr,
  bzhi,
  blsr,
  blsi,
  blsmsk,
  bt,
  bts,
  btr,
  btc,
  bsf,
  bsr,
  tzcnt,
  lzcnt,
  popcnt,
  sign_extend_accumulator,  // cbw, cwde, cdqe
  sign_extend_into_rdx,     // cwd, cdq, cqo
  cmov,
  set,  // with a condition
  cmc,
  clc,
  stc,
  lahf,
  sahf,
  cld,
  std,
  ldmxcsr,
  stmxcsr,
  fldcw,
  fnstcw,
  fldenv,
  fnstenv,
  jmp,
  jcc,
  call,
  ret,  // jmp and call: direct where the operand is an Immediate
  syscall,
  nop,  // with everything else that has no modelled effect: pause, prefetch, fences
  endbr64,
  ud2,  // and ud0, ud1
  int3
};
constexpr std::size_t operation_count = static_cast<std::size_t>(Operation::int3) + 1;

// In the order of their encoding (tttn, SDM vol. 2, appendix B.1.4.7).
enum class Condition : std::uint8_t { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };

struct RegisterOperand {
  Register name;
  std::uint8_t bytes;         // 1, 2, 4 or 8: the lowest ones
  bool is_high_byte = false;  // AH, CH, DH, BH: the second byte
};

/// Sign-extended to 64 bits as the instruction does; for a direct jump or call the absolute target.
struct Immediate {
  std::uint64_t value;
};

/// At base + index * scale + displacement, modulo 2^64, plus the base of FS where `is_by_fs`. A
/// RIP-relative operand has neither base nor index, and its absolute address as the displacement.
struct MemoryOperand {
  std::optional<Register> base;
  std::optional<Register> index;
  std::uint8_t scale;  // 1, 2, 4 or 8
  std::uint64_t displacement;
  std::uint8_t bytes;      // of the access; for lea, which accesses nothing, of the destination; of
                           // fldenv and fnstenv 28
  bool is_32_bit = false;  // prefix 67: the address is the sum modulo 2^32
  bool is_by_fs = false;
};

using Operand = std::variant<RegisterOperand, Immediate, MemoryOperand>;

/// The bytes of an encoding that hold a distance from RIP: the rel8 or rel32 of a direct jump or
/// call, or the displacement of a RIP-relative operand. A link changes only these.
struct RelativeField {
  std::uint8_t offset;
  std::uint8_t bytes;
  std::uint64_t target;  // absolute
};

struct Instruction {
  std::uint64_t address;
  std::uint8_t length;
  Operation operation;
  std::uint8_t bytes;             // operand width: 1, 2, 4 or 8
  Condition condition;            // of cmov, set and jcc
  std::vector<Operand> operands;  // the explicit ones, destination first
  std::optional<RelativeField> relative;
  std::string text;  // Intel syntax, for reports

  std::uint64_t next_address() const { return address + length; }
};

/// An instruction outside the allow list, or bytes that are no instruction.
struct DecodeError {
  std::uint64_t address;
  std::string instruction;  // the disassembly, or the bytes if there is none
  std::string reason;
  std::uint8_t length = 0;  // of the instruction; 0 if there is none
};

/// The instruction at the start of `code`, whose first byte is at `address`.
[[nodiscard]] std::expected<Instruction, DecodeError> decode(std::uint64_t address,
                                                             std::span<const std::byte> code);

/// The general registers that the instruction may change, RSP included; of a call, its own effect
/// alone.
std::vector<Register> written_registers(const Instruction& instruction);

/// One line: address, instruction, reason.
std::string message(const DecodeError& error);

std::string_view name(Register reg);
std::string_view name(Operation operation);

}  // namespace fiberproof::verify
