#include "verify/x86/code_library.hpp"

#include "verify/x86/code_entry.hpp"
#include "verify/x86/instruction.hpp"
#include "verify/x86/linkage.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <variant>

namespace fiberproof::verify {
namespace {

constexpr std::size_t instruction_bytes_max = 15;
constexpr std::size_t run_bytes_max = 4096;
constexpr std::size_t parts_max = 256;

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

// Whether the field is an operand's value and nothing else. The decoder knows that of a distance;
// an address must leave an instruction of the same shape when other values take its place.
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

// The instructions that contain a byte of a field at `address`: none if it lies in data, several
// where they share bytes.
std::vector<const Instruction*> instructions_with(const Code& code, std::uint64_t address,
                                                  const RelocatedField& field) {
  std::vector<const Instruction*> found;
  const auto end = code.instructions.lower_bound(address + field.bytes);
  for (auto each = code.instructions.lower_bound(
           address - std::min<std::uint64_t>(address, instruction_bytes_max));
       each != end; ++each) {
    if (each->second.next_address() > address) found.push_back(&each->second);
  }
  return found;
}

bool ends_a_run(const Instruction& instruction) {
  return instruction.operation == Operation::jmp || instruction.operation == Operation::ret ||
         instruction.operation == Operation::ud2 || instruction.operation == Operation::int3;
}

// Targets of the code's direct jumps, and where its last instruction continues.
std::set<std::uint64_t> places_after(const Code& code) {
  std::set<std::uint64_t> places;
  for (const auto& [address, instruction] : code.instructions) {
    const bool jumps =
        instruction.operation == Operation::jmp || instruction.operation == Operation::jcc;
    const auto* const target = jumps ? std::get_if<Immediate>(&instruction.operands[0]) : nullptr;
    if (target != nullptr) places.insert(target->value);
    const bool is_last = instruction.next_address() == code.end;
    if (is_last && !ends_a_run(instruction) && !code.leaves_at_end) places.insert(code.end);
  }
  return places;
}

// The linker places other sections and files freely: what lies past the named one is unknown.
std::optional<std::string> why_beyond_its_symbol(const Instruction& instruction,
                                                 std::span<const std::byte> bytes,
                                                 const RelocatedField& field, std::uint64_t offset,
                                                 const ObjectFile& file) {
  std::uint64_t target = 0;
  std::memcpy(&target, bytes.data() + offset, std::min<std::size_t>(field.bytes, sizeof target));
  if (field.is_relative) target = file_address(file, instruction.relative->target);
  if (target >= field.target_first && target <= field.target_last) return std::nullopt;
  return "its operand lies outside the symbol or section of its relocation: link it first";
}

void refuse(Code& code, std::map<std::uint64_t, Instruction>::iterator instruction,
            std::string reason) {
  const Instruction& at = instruction->second;
  code.refused.emplace(at.address, DecodeError{at.address, at.text, std::move(reason), at.length});
  code.instructions.erase(instruction);
}

// A call or jump through a word of the file.
bool is_through_a_word(const Instruction& instruction) {
  return (instruction.operation == Operation::call || instruction.operation == Operation::jmp) &&
         instruction.relative && std::holds_alternative<MemoryOperand>(instruction.operands[0]);
}

void resolve_words(const ObjectFile& file, Code& code) {
  for (auto next = code.instructions.begin(); next != code.instructions.end();) {
    const auto at = next++;
    if (!is_through_a_word(at->second)) continue;
    const auto word = word_at(file, at->second.relative->target);
    if (!word) {
      refuse(code, at, word.error());
    } else if (*word) {
      at->second.operands[0] = Immediate{**word};
    }
  }
}

}  // namespace

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
      auto why = why_beyond_its_symbol(*instruction, bytes, field, field.offset - start, file);
      if (why) refuse(code, code.instructions.find(instruction->address), std::move(*why));
    }
  }
  resolve_words(file, code);
  return code;
}

std::expected<FoundCode, std::string> CodeLibrary::find(std::uint64_t address, Arrival arrival) {
  const auto way = passage(*file_, address);
  if (!way) return std::unexpected(way.error());
  if (const auto external = external_symbol_at(*file_, way->to)) {
    return std::unexpected(fmt::format(
        "a call of {}, which another file defines and the contract does not describe", *external));
  }
  // Skips an entry of a linkage table; other code is executed.
  FoundCode found;
  const bool is_passed_over = way->is_by_word && !way->writes_stack;
  found.at = is_passed_over ? way->to : address;
  found.forgets_scratch = is_passed_over && way->changes_scratch;
  if (arrival == Arrival::call) {
    if (auto why = why_no_function(*file_, found.at)) {
      return std::unexpected(fmt::format("a call of {}: {}", place_name(*file_, found.at), *why));
    }
  }
  found.code = found_at(found.at);
  if (found.code == nullptr) found.code = function_at(found.at);
  if (found.code != nullptr) return found;
  const auto run = run_at(found.at);
  if (!run) return std::unexpected(run.error());
  found.code = *run;
  return found;
}

const Code* CodeLibrary::found_at(std::uint64_t address) const {
  for (const auto& [begin, code] : found_) {
    if (code.instructions.contains(address) || code.refused.contains(address)) return &code;
  }
  return nullptr;
}

// The whole function that contains an instruction there, if a symbol gives its bounds.
const Code* CodeLibrary::function_at(std::uint64_t address) {
  const auto symbol = file_->function_holding(file_address(*file_, address));
  if (!symbol) return nullptr;
  const std::uint64_t begin = load_address(*file_, symbol->address);
  if (found_.contains(begin)) return nullptr;
  const auto routine = file_->code(std::string(symbol->name), symbol->address, symbol->size);
  if (!routine) return nullptr;
  auto code = decode_routine(*file_, routine->symbol, *routine);
  if (!code || (!code->instructions.contains(address) && !code->refused.contains(address))) {
    return nullptr;
  }
  return &found_.emplace(begin, std::move(*code)).first->second;
}

// The instructions from there up to the first one that never continues to the next. Whatever lies
// behind is decoded when control reaches it.
std::expected<const Code*, std::string> CodeLibrary::run_at(std::uint64_t address) {
  const std::uint64_t in_file = file_address(*file_, address);
  const std::string name = place_name(*file_, address);
  const auto stored = file_->stored_code(in_file);
  if (!stored) {
    return std::unexpected(
        fmt::format("a jump to {}: no code is there: {}", name, stored.error().reason));
  }
  std::size_t bytes = 0;
  while (bytes < std::min(stored->size(), run_bytes_max)) {
    const auto rest = stored->subspan(bytes);
    const auto decoded =
        decode(address + bytes, rest.first(std::min(rest.size(), instruction_bytes_max)));
    const std::uint8_t length = decoded ? decoded->length : decoded.error().length;
    if (length == 0) break;
    bytes += length;
    if (decoded && ends_a_run(*decoded)) break;
  }
  if (bytes == 0) {
    return std::unexpected(
        fmt::format("a jump to {}: the bytes there are not an instruction", name));
  }
  const auto routine = file_->code(name, in_file, bytes);
  if (!routine) return std::unexpected(message(routine.error()));
  auto code = decode_routine(*file_, routine->symbol, *routine);
  if (!code) return std::unexpected(code.error());
  return &found_.emplace(address, std::move(*code)).first->second;
}

std::expected<std::vector<const Code*>, std::string> CodeLibrary::parts_of(const Code& code) {
  std::vector<const Code*> parts{&code};
  const auto has = [&parts](std::uint64_t address) {
    return std::ranges::any_of(parts, [address](const Code* part) {
      return part->instructions.contains(address) || part->refused.contains(address);
    });
  };
  for (std::size_t index = 0; index < parts.size(); ++index) {
    for (const std::uint64_t target : places_after(*parts[index])) {
      if (has(target)) continue;
      const auto found = find(target, Arrival::jump);
      if (!found) return std::unexpected(found.error());
      if (std::ranges::find(parts, found->code) == parts.end()) parts.push_back(found->code);
      if (parts.size() > parts_max) return std::unexpected("it has too many parts");
    }
  }
  return parts;
}

}  // namespace fiberproof::verify
