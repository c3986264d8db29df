// Prints call frame information for reports.
#include "verify/unwind/frame_rules.hpp"

#include <dwarf.h>
#include <fmt/format.h>

namespace fiberproof::verify {
namespace {

std::string offset_text(std::uint64_t offset) {
  return fmt::format("{:+}", static_cast<std::int64_t>(offset));
}

std::string register_text(std::uint64_t number) {
  return number < dwarf_register_count ? std::string(name(static_cast<DwarfRegister>(number)))
                                       : fmt::format("register {}", number);
}

std::string text(const DwarfOperation& operation) {
  const std::uint8_t code = operation.code;
  if (code >= DW_OP_breg0 && code <= DW_OP_breg31) {
    return register_text(std::uint64_t{code} - DW_OP_breg0) + offset_text(operation.operand);
  }
  if (code >= DW_OP_reg0 && code <= DW_OP_reg31) {
    return register_text(std::uint64_t{code} - DW_OP_reg0);
  }
  switch (code) {
    case DW_OP_bregx:
      return register_text(operation.operand) + offset_text(operation.second_operand);
    case DW_OP_regx: return register_text(operation.operand);
    case DW_OP_plus_uconst: return offset_text(operation.operand);
    case DW_OP_call_frame_cfa: return "CFA";
    case DW_OP_deref: return "deref";
    default: return operation_name(code);
  }
}

std::string text(const RegisterRule& rule) {
  using Kind = RegisterRule::Kind;
  switch (rule.kind) {
    case Kind::undefined: return "undefined";
    case Kind::same_value: return "unchanged";
    case Kind::in_memory: return "in memory at " + text(rule.expression);
    case Kind::in_register: return "in " + text(rule.expression);
    case Kind::is_value: return text(rule.expression);
  }
  return {};
}

}  // namespace

std::string_view name(DwarfRegister reg) {
  constexpr std::array<std::string_view, dwarf_register_count> names{
      "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8",
      "r9",  "r10", "r11", "r12", "r13", "r14", "r15", "rip"};
  return names[static_cast<std::size_t>(reg)];
}

std::string operation_name(std::uint8_t code) {
  if (code >= DW_OP_lit0 && code <= DW_OP_lit31)
    return fmt::format("DW_OP_lit{}", code - DW_OP_lit0);
  switch (code) {
    case DW_OP_addr: return "DW_OP_addr";
    case DW_OP_const1u: return "DW_OP_const1u";
    case DW_OP_const1s: return "DW_OP_const1s";
    case DW_OP_constu: return "DW_OP_constu";
    case DW_OP_consts: return "DW_OP_consts";
    case DW_OP_dup: return "DW_OP_dup";
    case DW_OP_drop: return "DW_OP_drop";
    case DW_OP_over: return "DW_OP_over";
    case DW_OP_swap: return "DW_OP_swap";
    case DW_OP_and: return "DW_OP_and";
    case DW_OP_or: return "DW_OP_or";
    case DW_OP_minus: return "DW_OP_minus";
    case DW_OP_plus: return "DW_OP_plus";
    case DW_OP_mul: return "DW_OP_mul";
    case DW_OP_neg: return "DW_OP_neg";
    case DW_OP_not: return "DW_OP_not";
    case DW_OP_shl: return "DW_OP_shl";
    case DW_OP_shr: return "DW_OP_shr";
    case DW_OP_xor: return "DW_OP_xor";
    case DW_OP_bra: return "DW_OP_bra";
    case DW_OP_skip: return "DW_OP_skip";
    case DW_OP_piece: return "DW_OP_piece";
    case DW_OP_deref_size: return "DW_OP_deref_size";
    case DW_OP_stack_value: return "DW_OP_stack_value";
    default: return fmt::format("DWARF operation {:#04x}", code);
  }
}

std::string text(const DwarfExpression& expression) {
  std::string line;
  for (const DwarfOperation& operation : expression) {
    if (!line.empty()) line += ' ';
    line += text(operation);
  }
  return line;
}

std::string text(const FrameRules& rules) {
  return fmt::format("CFA = {}, rsp {}, rbp {}, rip {}", text(rules.cfa),
                     text(rules.of(DwarfRegister::rsp)), text(rules.of(DwarfRegister::rbp)),
                     text(rules.registers[rules.return_address]));
}

}  // namespace fiberproof::verify
