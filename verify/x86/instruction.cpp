#include "verify/x86/instruction.hpp"

#include "verify/x86/instruction_decoder.hpp"
#include "verify/x86/instruction_meaning.hpp"
#include "verify/x86/step.hpp"

#include <Zydis/Zydis.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace fiberproof::verify {
namespace {

std::optional<Register> register_of(ZydisRegister reg) {
  const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
  if (whole < ZYDIS_REGISTER_RAX || whole > ZYDIS_REGISTER_R15) {
    return std::nullopt;
  }
  return static_cast<Register>(whole - ZYDIS_REGISTER_RAX);
}

bool is_modelled_width(unsigned bits) {
  return bits == 8 || bits == 16 || bits == 32 || bits == 64;
}

// In 64-bit mode and without prefix 66 (SDM vol. 1, figure 8-9).
constexpr unsigned x87_environment_bits = 28 * 8;

constexpr std::string_view see_limits = "is not modelled: see README, Limits";

// The state of one decoding.
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
  Refusal operands(Instruction& into) const;
  std::expected<Operand, std::string> operand(const ZydisDecodedOperand& from) const;
  std::expected<Operand, std::string> memory(const ZydisDecodedOperand& from) const;
  bool has_no_base() const;
  std::optional<RelativeField> relative() const;
  std::uint8_t width(Operation operation) const;

  std::uint64_t address_;
  std::span<const std::byte> code_;
  bool decoded_ = false;
  ZydisDecodedInstruction raw_{};
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands_{};
};

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

std::uint8_t Decoding::width(Operation operation) const {
  switch (operation) {
    case Operation::jmp:
    case Operation::jcc:
    case Operation::call:
    case Operation::ret:
    case Operation::syscall:
    case Operation::leave:
    case Operation::push:
    case Operation::pop:
    case Operation::nop:
    case Operation::endbr64:
    case Operation::ud2:
    case Operation::int3:
    case Operation::cmc:
    case Operation::clc:
    case Operation::stc:
    case Operation::lahf:
    case Operation::sahf:
    case Operation::cld:
    case Operation::std: return 8;
    case Operation::ldmxcsr:
    case Operation::stmxcsr: return 4;
    case Operation::fldcw:
    case Operation::fnstcw:
    case Operation::fldenv:  // what is modelled of them is the control word
    case Operation::fnstenv: return 2;
    case Operation::set: return 1;
    default:  // VEX.W is not an operand width to Zydis
      return static_cast<std::uint8_t>((raw_.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX
                                            ? operands_[0].size
                                            : raw_.operand_width) /
                                       8);
  }
}

Decoding::Refusal Decoding::operands(Instruction& into) const {
  if (into.operation == Operation::nop || into.operation == Operation::ud2) {
    return std::nullopt;  // a long nop and ud1 name an operand and do not access it
  }
  for (unsigned index = 0; index < raw_.operand_count_visible; ++index) {
    std::expected<Operand, std::string> made = operand(operands_[index]);
    if (!made) {
      return std::move(made.error());
    }
    into.operands.push_back(*made);
  }
  return std::nullopt;
}

std::expected<Operand, std::string> Decoding::operand(const ZydisDecodedOperand& from) const {
  switch (from.type) {
    case ZYDIS_OPERAND_TYPE_REGISTER: {
      const ZydisRegister reg = from.reg.value;
      const std::optional<Register> name = register_of(reg);
      if (!name) {
        return std::unexpected(
            fmt::format("register {} {}", ZydisRegisterGetString(reg), see_limits));
      }
      if (!is_modelled_width(from.size)) {
        return std::unexpected(fmt::format("a register of {} bits {}", from.size, see_limits));
      }
      return RegisterOperand{*name, static_cast<std::uint8_t>(from.size / 8),
                             reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH};
    }
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
      // Zydis sign-extends as the processor does; a relative one counts from the next instruction.
      return Immediate{from.imm.is_relative ? address_ + raw_.length + from.imm.value.u
                                            : from.imm.value.u};
    case ZYDIS_OPERAND_TYPE_MEMORY: return memory(from);
    default: return std::unexpected("an operand of a kind that is not modelled");
  }
}

std::expected<Operand, std::string> Decoding::memory(const ZydisDecodedOperand& from) const {
  if (from.mem.type != ZYDIS_MEMOP_TYPE_MEM && from.mem.type != ZYDIS_MEMOP_TYPE_AGEN) {
    return std::unexpected("a memory operand of a kind that is not modelled");
  }
  const bool agen = from.mem.type == ZYDIS_MEMOP_TYPE_AGEN;
  const bool is_by_fs = from.mem.segment == ZYDIS_REGISTER_FS;
  if (from.mem.segment == ZYDIS_REGISTER_GS || (is_by_fs && agen)) {
    return std::unexpected(
        fmt::format("an access by {} {}", ZydisRegisterGetString(from.mem.segment), see_limits));
  }
  if (raw_.address_width == 32 && has_no_base()) {
    return std::unexpected(fmt::format("an address of 32 bits without a base {}", see_limits));
  }
  const unsigned bits = agen ? raw_.operand_width : from.size;
  if (!is_modelled_width(bits) && bits != x87_environment_bits) {
    return std::unexpected(fmt::format("an access of {} bits {}", bits, see_limits));
  }
  MemoryOperand made{std::nullopt,
                     std::nullopt,
                     1,
                     static_cast<std::uint64_t>(from.mem.disp.value),
                     static_cast<std::uint8_t>(bits / 8),
                     raw_.address_width == 32,
                     is_by_fs};
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

// SDM vol. 2, tables 2-2 and 2-3, for 32 bits: a displacement alone, from EIP or with an index.
// Zydis 4.0 reports R13D as the base where REX.B is set.
bool Decoding::has_no_base() const {
  const auto& modrm = raw_.raw.modrm;
  return modrm.mod == 0 && (modrm.rm == 5 || (modrm.rm == 4 && raw_.raw.sib.base == 5));
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
  const std::optional<Meaning> meaning = meaning_of(raw_);
  if (!meaning) {
    return refuse(fmt::format("{} {}", ZydisMnemonicGetString(raw_.mnemonic), see_limits));
  }
  if (Refusal refusal = refused_prefix(raw_, meaning->operation)) {
    return refuse(std::move(*refusal));
  }
  if (raw_.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
    return refuse(fmt::format("a far jump or call {}", see_limits));
  }
  Instruction made{address_,           raw_.length, meaning->operation, width(meaning->operation),
                   meaning->condition, {},          relative(),         text()};
  if (!is_modelled_width(made.bytes * 8u)) {
    return refuse(fmt::format("a width of {} bits {}", made.bytes * 8u, see_limits));
  }
  if (Refusal refusal = operands(made)) {
    return refuse(std::move(*refusal));
  }
  if (!is_well_formed(made)) {
    return refuse(
        fmt::format("{} with such operands {}", ZydisMnemonicGetString(raw_.mnemonic), see_limits));
  }
  return made;
}

constexpr auto register_names =
    std::to_array<std::string_view>({"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8",
                                     "r9", "r10", "r11", "r12", "r13", "r14", "r15"});
static_assert(register_names.size() == register_count);

constexpr auto operation_names = std::to_array<std::string_view>(
    {"mov",         "movzx",  "movsx",   "movbe",   "bswap",   "lea",    "xchg",    "xadd",
     "push",        "pop",    "leave",   "add",     "adc",     "sub",    "sbb",     "cmp",
     "neg",         "inc",    "dec",     "mul",     "imul",    "and",    "or",      "xor",
     "not",         "test",   "shl",     "shr",     "sar",     "rol",    "ror",     "rcl",
     "rcr",         "shld",   "shrd",    "shlx",    "shrx",    "sarx",   "rorx",    "mulx",
     "andn",        "bextr",  "bzhi",    "blsr",    "blsi",    "blsmsk", "bt",      "bts",
     "btr",         "btc",    "bsf",     "bsr",     "tzcnt",   "lzcnt",  "popcnt",  "cbw/cwde/cdqe",
     "cwd/cdq/cqo", "cmovcc", "setcc",   "cmc",     "clc",     "stc",    "lahf",    "sahf",
     "cld",         "std",    "ldmxcsr", "stmxcsr", "fldcw",   "fnstcw", "fldenv",  "fnstenv",
     "jmp",         "jcc",    "call",    "ret",     "syscall", "nop",    "endbr64", "ud2",
     "int3"});
static_assert(operation_names.size() == operation_count);

}  // namespace

const ZydisDecoder& decoder() {
  static const ZydisDecoder instance = [] {
    ZydisDecoder made;
    ZydisDecoderInit(&made, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    // Otherwise some instructions would decode as the nop that older processors see.
    ZydisDecoderEnableMode(&made, ZYDIS_DECODER_MODE_CET, ZYAN_TRUE);
    return made;
  }();
  return instance;
}

std::expected<Instruction, DecodeError> decode(std::uint64_t address,
                                               std::span<const std::byte> code) {
  return Decoding(address, code).run();
}

std::vector<Register> written_registers(const Instruction& instruction) {
  std::vector<Register> written;
  const auto add_operands = [&](std::size_t count) {
    for (std::size_t index = 0; index < std::min(count, instruction.operands.size()); ++index) {
      const auto* const reg = std::get_if<RegisterOperand>(&instruction.operands[index]);
      if (reg != nullptr) written.push_back(reg->name);
    }
  };
  switch (instruction.operation) {
    case Operation::cmp:
    case Operation::test:
    case Operation::bt:
    case Operation::jmp:
    case Operation::jcc: break;
    case Operation::push:
    case Operation::call:
    case Operation::ret: written = {Register::rsp}; break;
    case Operation::pop:
      written = {Register::rsp};
      add_operands(1);
      break;
    case Operation::leave: written = {Register::rsp, Register::rbp}; break;
    case Operation::mul: written = {Register::rax, Register::rdx}; break;
    case Operation::imul:
      if (instruction.operands.size() == 1) {
        written = {Register::rax, Register::rdx};
      } else {
        add_operands(1);
      }
      break;
    case Operation::sign_extend_accumulator:
    case Operation::lahf: written = {Register::rax}; break;
    case Operation::sign_extend_into_rdx: written = {Register::rdx}; break;
    case Operation::syscall: written = {Register::rax, Register::rcx, Register::r11}; break;
    case Operation::xchg:
    case Operation::xadd:
    case Operation::mulx: add_operands(2); break;
    default: add_operands(1);
  }
  return written;
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
