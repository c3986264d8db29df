#include "verify/machine/code_library.hpp"

#include "verify/machine/instruction.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>

namespace fiberproof::verify {
namespace {

constexpr std::size_t plt_entry_bytes_max = 16;  // psABI, figure 5.2

constexpr std::uint64_t load_base = 0x5555'5555'0000;

std::uint64_t file_address(const ObjectFile& file, std::uint64_t address) {
  return file.is_position_independent() ? address - load_base : address;
}

// A compiler's name for a part of a function that it has put elsewhere: NAME.cold, NAME.part.0.
std::string_view whole_name(std::string_view name) {
  return name.substr(0, name.find('.', 1));
}

std::string unknown_callee(std::string_view name) {
  return fmt::format(
      "a call of {}, which another file defines and of which the contract says nothing", name);
}

bool is_same_shape(const Operand& one, const Operand& other) {
  if (const auto* reg = std::get_if<RegisterOperand>(&one)) {
    const auto* same = std::get_if<RegisterOperand>(&other);
    return same != nullptr && reg->name == same->name && reg->bytes == same->bytes &&
           reg->is_high_byte == same->is_high_byte;
  }
  if (const auto* memory = std::get_if<MemoryOperand>(&one)) {
    const auto* same = std::get_if<MemoryOperand>(&other);
    return same != nullptr && memory->base == same->base && memory->index == same->index &&
           memory->scale == same->scale && memory->bytes == same->bytes &&
           memory->is_32_bit == same->is_32_bit;
  }
  return std::holds_alternative<Immediate>(other);
}

bool is_same_shape(const Instruction& one, const Instruction& other) {
  return one.operation == other.operation && one.length == other.length &&
         one.bytes == other.bytes && one.condition == other.condition &&
         std::ranges::equal(
             one.operands, other.operands,
             [](const Operand& left, const Operand& right) { return is_same_shape(left, right); });
}

// Whether the field is an operand's value and nothing else: a distance is told by the decoder; for
// an address, other values in its place leave an instruction of the same shape.
bool fills_an_operand(const Instruction& instruction, std::span<const std::byte> bytes,
                      const RelocatedField& field, std::uint64_t offset) {
  if (field.is_relative) {
    return instruction.relative && instruction.relative->offset == offset &&
           instruction.relative->bytes == field.bytes;
  }
  for (const std::byte other : {std::byte{0x00}, std::byte{0x2d}, std::byte{0x7a}}) {
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(offset), field.bytes, other);
    const auto decoded = decode(instruction.address, changed);
    if (!decoded || !is_same_shape(*decoded, instruction)) return false;
  }
  return true;
}

// The instructions that a field at `address` has a byte of: none where it lies in data, several
// where they share bytes.
std::vector<const Instruction*> instructions_with(const Code& code, std::uint64_t address,
                                                  const RelocatedField& field) {
  constexpr std::uint64_t instruction_bytes_max = 15;
  std::vector<const Instruction*> found;
  const auto end = code.instructions.lower_bound(address + field.bytes);
  for (auto each =
           code.instructions.lower_bound(address - std::min(address, instruction_bytes_max));
       each != end; ++each) {
    if (each->second.next_address() > address) found.push_back(&each->second);
  }
  return found;
}

}  // namespace

std::uint64_t load_address(const ObjectFile& file, std::uint64_t address) {
  return file.is_position_independent() ? load_base + address : address;
}

std::expected<Code, std::string> decode_routine(const ObjectFile& file, std::string name,
                                                const Routine& routine) {
  const auto begin = load_address(file, routine.address);
  Code code = decode_all(std::move(name), begin, routine.bytes);
  code.symbol = routine.symbol;
  if (!file.is_relocatable()) code.load_bias = load_address(file, 0);
  for (const RelocatedField& field : routine.relocated) {
    for (const Instruction* const instruction :
         instructions_with(code, begin + field.offset, field)) {
      const std::uint64_t start = instruction->address - begin;
      const auto bytes = std::span(routine.bytes).subspan(start, instruction->length);
      if (field.offset < start || field.offset + field.bytes > start + instruction->length ||
          !fills_an_operand(*instruction, bytes, field, field.offset - start)) {
        return std::unexpected(fmt::format(
            "fiberproof: {}: {}: {}: a relocation changes more than an operand (byte {:#x})",
            file.path(), routine.symbol, instruction->text, field.offset));
      }
    }
  }
  return code;
}

std::optional<std::string_view> CodeLibrary::symbol_of_plt_entry(std::uint64_t address) const {
  if (file_->is_relocatable()) return std::nullopt;
  std::uint64_t at = file_address(*file_, address);
  for (const bool is_first : {true, false}) {
    std::size_t size = plt_entry_bytes_max;
    auto bytes = file_->bytes(at, size);
    while (!bytes && --size > 0) bytes = file_->bytes(at, size);
    if (!bytes) return std::nullopt;
    const auto decoded = decode(at, *bytes);
    if (!decoded) return std::nullopt;
    if (is_first && decoded->operation == Operation::endbr64) {
      at = decoded->next_address();
      continue;
    }
    const bool is_jump = decoded->operation == Operation::jmp && decoded->relative &&
                         std::holds_alternative<MemoryOperand>(decoded->operands[0]);
    return is_jump ? file_->symbol_of_slot(decoded->relative->target) : std::nullopt;
  }
  return std::nullopt;
}

std::expected<FoundCode, std::string> CodeLibrary::find(std::uint64_t address, const Code& from) {
  const auto symbol = symbol_of_plt_entry(address);
  if (!symbol) return function_at(address, from);
  const auto defined = file_->callee(*symbol);
  if (defined) return function_at(load_address(*file_, *defined), from);
  return std::unexpected(unknown_callee(*symbol));
}

bool CodeLibrary::is_part_of_same(const Symbol& symbol, const Code& from) const {
  const auto caller = file_->function_holding(file_address(*file_, from.begin));
  return caller && whole_name(caller->name) == whole_name(symbol.name);
}

std::expected<FoundCode, std::string> CodeLibrary::function_at(std::uint64_t address,
                                                               const Code& from) {
  const std::uint64_t in_file = file_address(*file_, address);
  const auto& external = file_->external_symbols();
  const auto outside = std::ranges::lower_bound(external, in_file, {}, &Symbol::address);
  if (outside != external.end() && outside->address == in_file) {
    return std::unexpected(unknown_callee(outside->name));
  }
  const auto symbol = file_->function_holding(in_file);
  if (!symbol || (symbol->address != in_file && !is_part_of_same(*symbol, from))) {
    return FoundCode{};
  }
  const std::uint64_t begin = load_address(*file_, symbol->address);
  const auto known = found_.find(begin);
  if (known != found_.end()) return FoundCode{&known->second, address};
  const auto routine = file_->code(std::string(symbol->name), symbol->address, symbol->size);
  if (!routine) return std::unexpected(message(routine.error()));
  auto code = decode_routine(*file_, routine->symbol, *routine);
  if (!code) {
    return std::unexpected(fmt::format("a call of {}: {}", symbol->name, code.error()));
  }
  return FoundCode{&found_.emplace(begin, std::move(*code)).first->second, address};
}

}  // namespace fiberproof::verify
