#include "verify/machine/instruction.hpp"

#include "verify/machine/step.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fiberproof::verify {
namespace {

struct Meaning {
  Operation operation;
  Condition condition = Condition::o;
};

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
    {ZYDIS_MNEMONIC_LEA, Operation::lea},
    {ZYDIS_MNEMONIC_XCHG, Operation::xchg},
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
    {ZYDIS_MNEMONIC_CDQE, Operation::sign_extend_accumulator},
    {ZYDIS_MNEMONIC_CDQ, Operation::sign_extend_into_rdx},
    {ZYDIS_MNEMONIC_CQO, Operation::sign_extend_into_rdx},
    {ZYDIS_MNEMONIC_CLD, Operation::cld},
    {ZYDIS_MNEMONIC_STD, Operation::std},
    {ZYDIS_MNEMONIC_LDMXCSR, Operation::ldmxcsr},
    {ZYDIS_MNEMONIC_STMXCSR, Operation::stmxcsr},
    {ZYDIS_MNEMONIC_FLDCW, Operation::fldcw},
    {ZYDIS_MNEMONIC_FNSTCW, Operation::fnstcw},
    {ZYDIS_MNEMONIC_JMP, Operation::jmp},
    {ZYDIS_MNEMONIC_CALL, Operation::call},
    {ZYDIS_MNEMONIC_RET, Operation::ret},
    {ZYDIS_MNEMONIC_NOP, Operation::nop},
    {ZYDIS_MNEMONIC_ENDBR64, Operation::endbr64},
    {ZYDIS_MNEMONIC_UD2, Operation::ud2},
    {ZYDIS_MNEMONIC_INT3, Operation::int3},
});

std::optional<Meaning> meaning_of(ZydisMnemonic mnemonic) {
  const auto* const found =
      std::ranges::find(unconditional, mnemonic, &std::pair<ZydisMnemonic, Operation>::first);
  return found == unconditional.end() ? conditional(mnemonic) : Meaning{found->second};
}

// REX is part of the operands. Of the others only two uses are plain: F3 as a part of endbr64's
// opcode, and what assemblers put before a long nop. Even an ignored segment prefix is a branch
// hint or a NOTRACK elsewhere, which is not modelled.
bool is_plain_prefix(std::uint8_t prefix, Operation operation) {
  if (prefix >= 0x40 && prefix <= 0x4f) {
    return true;
  }
  if (operation == Operation::endbr64) {
    return prefix == 0xf3;
  }
  return operation == Operation::nop && (prefix == 0x66 || prefix == 0x2e);
}

std::optional<Register> register_of(ZydisRegister reg) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
  if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15) {
    return std::nullopt;
  }
  return static_cast<Register>(whole - ZYDIS_REGISTER_RAX);
}

bool is_x87(Operation operation) {
  return operation == Operation::fldcw || operation == Operation::fnstcw;
}

bool is_modelled_width(unsigned bits, Operation operation) {
  return bits == (is_x87(operation) ? 16 : 8) || bits == 32 || bits == 64;
}

// Everything that one decoding has at hand.
class Decoding {
 public:
  Decoding(std::uint64_t address, std::span<const std::byte> code)
      : address_(address), code_(code) {}

  std::expected<Instruction, DecodeError> run();

 private:
  // A reason to refuse, or nothing.
  using Refusal = std::optional<std::string>;

  std::unexpected<DecodeError> refuse(std::string reason) const {
    const std::uint8_t length = decoded_ ? raw_.length : std::uint8_t{0};
    return std::unexpected(DecodeError{address_, text(), std::move(reason), length});
  }
  std::string text() const;
  Refusal prefixes(Operation operation) const;
  Refusal operands(Instruction& into) const;
  std::expected<Operand, std::string> operand(const ZydisDecodedOperand& from,
                                              Operation operation) const;
  std::expected<Operand, std::string> memory(const ZydisDecodedOperand& from,
                                             Operation operation) const;
  std::optional<RelativeField> relative() const;
  std::uint8_t width(Operation operation) const;

  std::uint64_t address_;
  std::span<const std::byte> code_;
  bool decoded_ = false;
  ZydisDecodedInstruction raw_{};
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands_{};
};

const ZydisDecoder& decoder() {
  static const ZydisDecoder instance = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    // Otherwise what older processors take for a nop would be decoded as such.
    ZydisDecoderEnableMode(&made, ZYDIS_DECODER_MODE_CET, ZYAN_TRUE);
    return made;
  }();
  return instance;
}

const ZydisFormatter& formatter() {
  static const ZydisFormatter instance = [] {
    ZydisFormatter made;
    ZydisFormatterInit(&made, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&made, ZYDIS_FORMATTER_PROP_FORCE_SIZE, ZYAN_TRUE);
    return made;
  }();
  return instance;
}

std::string Decoding::text() const {
  if (!decoded_) {
    std::string bytes;
    for (const std::byte byte : code_.first(std::min<std::size_t>(code_.size(), 15))) {
      bytes += fmt::format("{}{:02x}", bytes.empty() ? "" : " ", static_cast<unsigned>(byte));
    }
    return bytes;
  }
  std::array<char, 128> buffer{};
  const bool formatted = ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
      &formatter(), &raw_, operands_.data(), raw_.operand_count_visible, buffer.data(),
      buffer.size(), address_, nullptr));
  return formatted ? buffer.data() : ZydisMnemonicGetString(raw_.mnemonic);
}

Decoding::Refusal Decoding::prefixes(Operation operation) const {
  for (unsigned index = 0; index < raw_.raw.prefix_count; ++index) {
    const std::uint8_t value = raw_.raw.prefixes[index].value;
    if (!is_plain_prefix(value, operation)) {
      return fmt::format("prefix {:02x} is not modelled", value);
    }
  }
  return std::nullopt;
}

std::uint8_t Decoding::width(Operation operation) const {
  switch (operation) {
    case Operation::jmp:
    case Operation::jcc:
    case Operation::call:
    case Operation::ret:
    case Operation::leave:
    case Operation::push:
    case Operation::pop:
    case Operation::nop:
    case Operation::endbr64:
    case Operation::ud2:
    case Operation::int3:
    case Operation::cld:
    case Operation::std: return 8;
    case Operation::ldmxcsr:
    case Operation::stmxcsr: return 4;
    case Operation::fldcw:
    case Operation::fnstcw: return 2;
    case Operation::set: return 1;
    default: return static_cast<std::uint8_t>(raw_.operand_width / 8);
  }
}

Decoding::Refusal Decoding::operands(Instruction& into) const {
  if (into.operation == Operation::nop) {
    return std::nullopt;  // a long nop names an operand and does not touch it
  }
  for (unsigned index = 0; index < raw_.operand_count_visible; ++index) {
    std::expected<Operand, std::string> made = operand(operands_[index], into.operation);
    if (!made) {
      return std::move(made.error());
    }
    into.operands.push_back(*made);
  }
  return std::nullopt;
}

std::expected<Operand, std::string> Decoding::operand(const ZydisDecodedOperand& from,
                                                      Operation operation) const {
  switch (from.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER: {
      const ZydisRegister reg = from.reg.value;
      const std::optional<Register> name = register_of(reg);
      if (!name) {
        return std::unexpected(
            fmt::format("register {} is not modelled", ZydisRegisterGetString(reg)));
      }
      if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH) {
        return std::unexpected("AH, CH, DH and BH are not modelled");
      }
      if (!is_modelled_width(from.size, operation)) {
        return std::unexpected(fmt::format("a register of {} bits is not modelled", from.size));
      }
      return RegisterOperand{*name, static_cast<std::uint8_t>(from.size / 8)};
    }
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
      // Zydis sign-extends what the processor does; a relative one counts from the next
      // instruction.
      return Immediate{from.imm.is_relative ? address_ + raw_.length + from.imm.value.u
                                            : from.imm.value.u};
    case ZYDIS_OPERAND_TYPE_MEMORY: return memory(from, operation);
    default: return std::unexpected("an operand of a kind that is not modelled");
  }
}

std::expected<Operand, std::string> Decoding::memory(const ZydisDecodedOperand& from,
                                                     Operation operation) const {
  if (from.mem.type != ZYDIS_MEMOP_TYPE_MEM && from.mem.type != ZYDIS_MEMOP_TYPE_AGEN) {
    return std::unexpected("a memory operand of a kind that is not modelled");
  }
  if (raw_.raw.disp.size == 64) {
    return std::unexpected("a 64-bit displacement is not modelled");
  }
  const bool agen = from.mem.type == ZYDIS_MEMOP_TYPE_AGEN;
  const unsigned bits = agen ? raw_.operand_width : from.size;
  if (!is_modelled_width(bits, operation)) {
    return std::unexpected(fmt::format("an access of {} bits is not modelled", bits));
  }
  MemoryOperand made{std::nullopt, std::nullopt, 1, static_cast<std::uint64_t>(from.mem.disp.value),
                     static_cast<std::uint8_t>(bits / 8)};
  if (from.mem.base == ZYDIS_REGISTER_RIP) {
    made.displacement += address_ + raw_.length;
  } else if (from.mem.base != ZYDIS_REGISTER_NONE) {
    made.base = register_of(from.mem.base);
    if (!made.base) {
      return std::unexpected("a base that is not modelled");
    }
  }
  if (from.mem.index != ZYDIS_REGISTER_NONE) {
    made.index = register_of(from.mem.index);
    made.scale = from.mem.scale;
    if (!made.index) {
      return std::unexpected("an index that is not modelled");
    }
  }
  return made;
}

std::optional<RelativeField> Decoding::relative() const {
  for (const auto& immediate : raw_.raw.imm) {
    if (immediate.size != 0 && immediate.is_relative) {
      return RelativeField{immediate.offset, static_cast<std::uint8_t>(immediate.size / 8),
                           address_ + raw_.length + immediate.value.u};
    }
  }
  for (const ZydisDecodedOperand& from : operands_) {
    if (from.type == ZYDIS_OPERAND_TYPE_MEMORY && from.mem.base == ZYDIS_REGISTER_RIP) {
      return RelativeField{
          raw_.raw.disp.offset, static_cast<std::uint8_t>(raw_.raw.disp.size / 8),
          address_ + raw_.length + static_cast<std::uint64_t>(from.mem.disp.value)};
    }
  }
  return std::nullopt;
}

std::expected<Instruction, DecodeError> Decoding::run() {
  decoded_ = ZYAN_SUCCESS(
      ZydisDecoderDecodeFull(&decoder(), code_.data(), code_.size(), &raw_, operands_.data()));
  if (!decoded_) {
    return refuse("not an instruction");
  }
  const std::optional<Meaning> meaning = meaning_of(raw_.mnemonic);
  if (!meaning || raw_.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
    return refuse("not on the list of instructions that have a meaning here");
  }
  if (Refusal refusal = prefixes(meaning->operation)) {
    return refuse(std::move(*refusal));
  }
  if (raw_.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
    return refuse("a far jump or call is not modelled");
  }
  Instruction made{address_,           raw_.length, meaning->operation, width(meaning->operation),
                   meaning->condition, {},          relative(),         text()};
  if (!is_modelled_width(made.bytes * 8u, made.operation)) {
    return refuse(fmt::format("a width of {} bits is not modelled", made.bytes * 8u));
  }
  if (Refusal refusal = operands(made)) {
    return refuse(std::move(*refusal));
  }
  if (!is_well_formed(made)) {
    return refuse("operands of a form that is not modelled");
  }
  return made;
}

constexpr auto register_names =
    std::to_array<std::string_view>({"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
                                     "r9", "r10", "r11", "r12", "r13", "r14", "r15"});
static_assert(register_names.size() == register_count);

constexpr auto operation_names = std::to_array<std::string_view>(
    {"mov",     "movzx",  "movsx", "lea", "xchg", "push",    "pop",     "leave", "add",
     "adc",     "sub",    "sbb",   "cmp", "neg",  "inc",     "dec",     "mul",   "imul",
     "and",     "or",     "xor",   "not", "test", "shl",     "shr",     "sar",   "cdqe",
     "cdq/cqo", "cmovcc", "setcc", "cld", "std",  "ldmxcsr", "stmxcsr", "fldcw", "fnstcw",
     "jmp",     "jcc",    "call",  "ret", "nop",  "endbr64", "ud2",     "int3"});
static_assert(operation_names.size() == operation_count);

}  // namespace

std::expected<Instruction, DecodeError> decode(std::uint64_t address,
                                               std::span<const std::byte> code) {
  return Decoding(address, code).run();
}

std::string message(const DecodeError& error) {
  return fmt::format("{:#x}: {}: {}", error.address, error.instruction, error.reason);
}

std::string_view name(Register reg) {
  return register_names[static_cast<std::size_t>(reg)];
}

std::string_view name(Operation operation) {
  return operation_names[static_cast<std::size_t>(operation)];
}

}  // namespace fiberproof::verify
