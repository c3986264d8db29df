#include "verify/x86/instruction_meaning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace fiberproof::verify {
namespace {

std::optional<Meaning> conditional(ZydisMnemonic mnemonic) {
  switch (mnemonic) {
#define FIBERPROOF_CONDITION(suffix, condition)                                            \
  case ZYDIS_MNEMONIC_J##suffix: return Meaning{Operation::jcc, Condition::condition};     \
  case ZYDIS_MNEMONIC_CMOV##suffix: return Meaning{Operation::cmov, Condition::condition}; \
  case ZYDIS_MNEMONIC_SET##suffix: return Meaning{Operation::set, Condition::condition};
    FIBERPROOF_CONDITION(O, o)
    FIBERPROOF_CONDITION(NO, no)
    FIBERPROOF_CONDITION(B, b)
    FIBERPROOF_CONDITION(NB, ae)
    FIBERPROOF_CONDITION(Z, e)
    FIBERPROOF_CONDITION(NZ, ne)
    FIBERPROOF_CONDITION(BE, be)
    FIBERPROOF_CONDITION(NBE, a)
    FIBERPROOF_CONDITION(S, s)
    FIBERPROOF_CONDITION(NS, ns)
    FIBERPROOF_CONDITION(P, p)
    FIBERPROOF_CONDITION(NP, np)
    FIBERPROOF_CONDITION(L, l)
    FIBERPROOF_CONDITION(NL, ge)
    FIBERPROOF_CONDITION(LE, le)
    FIBERPROOF_CONDITION(NLE, g)
#undef FIBERPROOF_CONDITION
    default: return std::nullopt;
  }
}

constexpr auto unconditional = std::to_array<std::pair<ZydisMnemonic, Operation>>({
    {ZYDIS_MNEMONIC_MOV, Operation::mov},
    {ZYDIS_MNEMONIC_MOVZX, Operation::movzx},
    {ZYDIS_MNEMONIC_MOVSX, Operation::movsx},
    {ZYDIS_MNEMONIC_MOVSXD, Operation::movsx},
    {ZYDIS_MNEMONIC_MOVBE, Operation::movbe},
    {ZYDIS_MNEMONIC_BSWAP, Operation::bswap},
    {ZYDIS_MNEMONIC_LEA, Operation::lea},
    {ZYDIS_MNEMONIC_XCHG, Operation::xchg},
    {ZYDIS_MNEMONIC_XADD, Operation::xadd},
    {ZYDIS_MNEMONIC_PUSH, Operation::push},
    {ZYDIS_MNEMONIC_POP, Operation::pop},
    {ZYDIS_MNEMONIC_LEAVE, Operation::leave},
    {ZYDIS_MNEMONIC_ADD, Operation::add},
    {ZYDIS_MNEMONIC_ADC, Operation::adc},
    {ZYDIS_MNEMONIC_SUB, Operation::sub},
    {ZYDIS_MNEMONIC_SBB, Operation::sbb},
    {ZYDIS_MNEMONIC_CMP, Operation::cmp},
    {ZYDIS_MNEMONIC_NEG, Operation::neg},
    {ZYDIS_MNEMONIC_INC, Operation::inc},
    {ZYDIS_MNEMONIC_DEC, Operation::dec},
    {ZYDIS_MNEMONIC_MUL, Operation::mul},
    {ZYDIS_MNEMONIC_IMUL, Operation::imul},
    {ZYDIS_MNEMONIC_AND, Operation::and_},
    {ZYDIS_MNEMONIC_OR, Operation::or_},
    {ZYDIS_MNEMONIC_XOR, Operation::xor_},
    {ZYDIS_MNEMONIC_NOT, Operation::not_},
    {ZYDIS_MNEMONIC_TEST, Operation::test},
    {ZYDIS_MNEMONIC_SHL, Operation::shl},
    {ZYDIS_MNEMONIC_SHR, Operation::shr},
    {ZYDIS_MNEMONIC_SAR, Operation::sar},
    {ZYDIS_MNEMONIC_ROL, Operation::rol},
    {ZYDIS_MNEMONIC_ROR, Operation::ror},
    {ZYDIS_MNEMONIC_RCL, Operation::rcl},
    {ZYDIS_MNEMONIC_RCR, Operation::rcr},
    {ZYDIS_MNEMONIC_SHLD, Operation::shld},
    {ZYDIS_MNEMONIC_SHRD, Operation::shrd},
    {ZYDIS_MNEMONIC_SHLX, Operation::shlx},
    {ZYDIS_MNEMONIC_SHRX, Operation::shrx},
    {ZYDIS_MNEMONIC_SARX, Operation::sarx},
    {ZYDIS_MNEMONIC_RORX, Operation::rorx},
    {ZYDIS_MNEMONIC_MULX, Operation::mulx},
    {ZYDIS_MNEMONIC_ANDN, Operation::andn},
    {ZYDIS_MNEMONIC_BEXTR, Operation::bextr},
    {ZYDIS_MNEMONIC_BZHI, Operation::bzhi},
    {ZYDIS_MNEMONIC_BLSR, Operation::blsr},
    {ZYDIS_MNEMONIC_BLSI, Operation::blsi},
    {ZYDIS_MNEMONIC_BLSMSK, Operation::blsmsk},
    {ZYDIS_MNEMONIC_BT, Operation::bt},
    {ZYDIS_MNEMONIC_BTS, Operation::bts},
    {ZYDIS_MNEMONIC_BTR, Operation::btr},
    {ZYDIS_MNEMONIC_BTC, Operation::btc},
    {ZYDIS_MNEMONIC_BSF, Operation::bsf},
    {ZYDIS_MNEMONIC_BSR, Operation::bsr},
    {ZYDIS_MNEMONIC_TZCNT, Operation::tzcnt},
    {ZYDIS_MNEMONIC_LZCNT, Operation::lzcnt},
    {ZYDIS_MNEMONIC_POPCNT, Operation::popcnt},
    {ZYDIS_MNEMONIC_CBW, Operation::sign_extend_accumulator},
    {ZYDIS_MNEMONIC_CWDE, Operation::sign_extend_accumulator},
    {ZYDIS_MNEMONIC_CDQE, Operation::sign_extend_accumulator},
    {ZYDIS_MNEMONIC_CWD, Operation::sign_extend_into_rdx},
    {ZYDIS_MNEMONIC_CDQ, Operation::sign_extend_into_rdx},
    {ZYDIS_MNEMONIC_CQO, Operation::sign_extend_into_rdx},
    {ZYDIS_MNEMONIC_CMC, Operation::cmc},
    {ZYDIS_MNEMONIC_CLC, Operation::clc},
    {ZYDIS_MNEMONIC_STC, Operation::stc},
    {ZYDIS_MNEMONIC_LAHF, Operation::lahf},
    {ZYDIS_MNEMONIC_SAHF, Operation::sahf},
    {ZYDIS_MNEMONIC_CLD, Operation::cld},
    {ZYDIS_MNEMONIC_STD, Operation::std},
    {ZYDIS_MNEMONIC_LDMXCSR, Operation::ldmxcsr},
    {ZYDIS_MNEMONIC_STMXCSR, Operation::stmxcsr},
    {ZYDIS_MNEMONIC_FLDCW, Operation::fldcw},
    {ZYDIS_MNEMONIC_FNSTCW, Operation::fnstcw},
    {ZYDIS_MNEMONIC_FLDENV, Operation::fldenv},
    {ZYDIS_MNEMONIC_FNSTENV, Operation::fnstenv},
    {ZYDIS_MNEMONIC_JMP, Operation::jmp},
    {ZYDIS_MNEMONIC_CALL, Operation::call},
    {ZYDIS_MNEMONIC_RET, Operation::ret},
    {ZYDIS_MNEMONIC_SYSCALL, Operation::syscall},
    {ZYDIS_MNEMONIC_NOP, Operation::nop},
    {ZYDIS_MNEMONIC_PAUSE, Operation::nop},
    {ZYDIS_MNEMONIC_PREFETCH, Operation::nop},
    {ZYDIS_MNEMONIC_PREFETCHW, Operation::nop},
    {ZYDIS_MNEMONIC_PREFETCHNTA, Operation::nop},
    {ZYDIS_MNEMONIC_PREFETCHT0, Operation::nop},
    {ZYDIS_MNEMONIC_PREFETCHT1, Operation::nop},
    {ZYDIS_MNEMONIC_PREFETCHT2, Operation::nop},
    {ZYDIS_MNEMONIC_LFENCE, Operation::nop},
    {ZYDIS_MNEMONIC_MFENCE, Operation::nop},
    {ZYDIS_MNEMONIC_SFENCE, Operation::nop},
    // The semantics have no vector registers; by psABI 3.2.1 no call preserves any.
    {ZYDIS_MNEMONIC_VZEROUPPER, Operation::nop},
    {ZYDIS_MNEMONIC_VZEROALL, Operation::nop},
    {ZYDIS_MNEMONIC_ENDBR64, Operation::endbr64},
    {ZYDIS_MNEMONIC_UD0, Operation::ud2},
    {ZYDIS_MNEMONIC_UD1, Operation::ud2},
    {ZYDIS_MNEMONIC_UD2, Operation::ud2},
    {ZYDIS_MNEMONIC_INT3, Operation::int3},
});

// Zydis has other instructions under the same names: POPCNT and LZCNT of Knights Corner are
// VEX-encoded.
bool is_behind_vex(ZydisMnemonic mnemonic, Operation operation) {
  switch (operation) {
    case Operation::shlx:
    case Operation::shrx:
    case Operation::sarx:
    case Operation::rorx:
    case Operation::mulx:
    case Operation::andn:
    case Operation::bextr:
    case Operation::bzhi:
    case Operation::blsr:
    case Operation::blsi:
    case Operation::blsmsk: return true;
    default: return mnemonic == ZYDIS_MNEMONIC_VZEROUPPER || mnemonic == ZYDIS_MNEMONIC_VZEROALL;
  }
}

// Instructions whose operand prefix 66 selects 16 bits on some processors (AMD vol. 3, 1.2.3) and
// not on others (SDM vol. 2, the notes on each). Both agree if REX.W has made it 64. The linker's
// relaxation of thread-local accesses makes such a call, `data16 data16 rex.W call`.
bool has_width_of_the_stack(Operation operation) {
  switch (operation) {
    case Operation::jmp:
    case Operation::jcc:
    case Operation::call:
    case Operation::ret:
    case Operation::push:
    case Operation::pop:
    case Operation::leave: return true;
    default: return false;
  }
}

bool is_near_branch(Operation operation) {
  return operation == Operation::jmp || operation == Operation::jcc ||
         operation == Operation::call || operation == Operation::ret;
}

bool changes_modes(Operation operation) {
  return operation == Operation::ldmxcsr || operation == Operation::stmxcsr ||
         operation == Operation::fldcw || operation == Operation::fnstcw ||
         operation == Operation::fldenv || operation == Operation::fnstenv;
}

bool is_mandatory(const ZydisDecodedInstruction& instruction, std::uint8_t prefix) {
  return std::ranges::any_of(
      std::span(instruction.raw.prefixes).first(instruction.raw.prefix_count),
      [prefix](const auto& each) {
        return each.value == prefix && each.type == ZYDIS_PREFIX_TYPE_MANDATORY;
      });
}

bool has_prefix(const ZydisDecodedInstruction& instruction, std::uint8_t prefix) {
  return std::ranges::any_of(
      std::span(instruction.raw.prefixes).first(instruction.raw.prefix_count),
      [prefix](const auto& each) { return each.value == prefix; });
}

// F2 and F3: part of an opcode; BND, which concerns bound registers; `rep ret`.
bool is_plain_repeat(const ZydisDecodedInstruction& instruction, Operation operation,
                     std::uint8_t prefix) {
  const bool is_both = has_prefix(instruction, 0xf2) && has_prefix(instruction, 0xf3);
  if (is_mandatory(instruction, prefix)) {
    return !is_both;
  }
  return !is_both && ((prefix == 0xf2 && is_near_branch(operation)) ||
                      (prefix == 0xf3 && operation == Operation::ret));
}

// FS before a memory operand, and no other segment: which of two counts differs between Zydis and
// the manuals. Before another operand the attribute is not set.
bool is_only_segment(const ZydisDecodedInstruction& instruction) {
  const auto is_segment = [](const auto& prefix) {
    return prefix.value == 0x26 || prefix.value == 0x2e || prefix.value == 0x36 ||
           prefix.value == 0x3e || prefix.value == 0x64 || prefix.value == 0x65;
  };
  return (instruction.attributes & ZYDIS_ATTRIB_HAS_SEGMENT_FS) != 0 &&
         std::ranges::count_if(
             std::span(instruction.raw.prefixes).first(instruction.raw.prefix_count), is_segment) ==
             1;
}

bool is_plain_prefix(const ZydisDecodedInstruction& instruction, Operation operation,
                     std::uint8_t prefix) {
  switch (prefix) {
    case 0x26:  // ES, CS, SS and DS have the base 0 (SDM vol. 1, 3.3.4); hints and NOTRACK
    case 0x2e:
    case 0x36:
    case 0x3e: return true;
    case 0x64: return operation == Operation::nop || is_only_segment(instruction);
    case 0x65: return operation == Operation::nop;  // accesses nothing
    case 0x66:
      return operation != Operation::endbr64 && operation != Operation::syscall &&
             !changes_modes(operation) &&
             (!has_width_of_the_stack(operation) || instruction.raw.rex.W != 0);
    case 0x67: return true;  // is part of a memory operand, and of nothing else
    case 0xf2:
    case 0xf3: return is_plain_repeat(instruction, operation, prefix);
    default: return prefix >= 0x40 && prefix <= 0x4f;  // REX is part of the operands
  }
}

std::string_view kind_of(std::uint8_t prefix) {
  switch (prefix) {
    case 0x64: return "the segment FS";
    case 0x65: return "the segment GS";
    case 0x66: return "another width on some processors";
    case 0xf0: return "lock";
    case 0xf2: return "repne or xacquire";
    default: return "rep or xrelease";
  }
}

}  // namespace

std::optional<Meaning> meaning_of(const ZydisDecodedInstruction& instruction) {
  const ZydisMnemonic mnemonic = instruction.mnemonic;
  const auto* const found =
      std::ranges::find(unconditional, mnemonic, &std::pair<ZydisMnemonic, Operation>::first);
  const std::optional<Meaning> meaning =
      found == unconditional.end() ? conditional(mnemonic) : Meaning{found->second};
  const auto encoding = meaning && is_behind_vex(mnemonic, meaning->operation)
                            ? ZYDIS_INSTRUCTION_ENCODING_VEX
                            : ZYDIS_INSTRUCTION_ENCODING_LEGACY;
  return instruction.encoding == encoding ? meaning : std::nullopt;
}

std::optional<std::string> refused_prefix(const ZydisDecodedInstruction& instruction,
                                          Operation operation) {
  for (unsigned index = 0; index < instruction.raw.prefix_count; ++index) {
    const std::uint8_t value = instruction.raw.prefixes[index].value;
    if (!is_plain_prefix(instruction, operation, value)) {
      return fmt::format("prefix {:02x} ({}) is not modelled: see README, Limits", value,
                         kind_of(value));
    }
  }
  return std::nullopt;
}

}  // namespace fiberproof::verify
