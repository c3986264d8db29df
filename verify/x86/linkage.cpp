#include "verify/x86/linkage.hpp"

#include "verify/x86/constant_memory.hpp"
#include "verify/x86/instruction.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace fiberproof::verify {
namespace {

constexpr std::uint64_t external_base = 0xffff'8000'0000'0000;  // no program has these addresses
constexpr std::uint64_t external_bytes_apart = 16;
constexpr unsigned steps_max = 32;  // of an entry
constexpr std::size_t instruction_bytes_max = 15;

const BoundWord* bound_word(const ObjectFile& file, std::uint64_t address) {
  const auto& words = file.bound_words();
  const auto found = std::ranges::lower_bound(words, address, {}, &BoundWord::address);
  return found != words.end() && found->address == address ? &*found : nullptr;
}

// BND and NOTRACK (SDM vol. 1, 16.4 and 17.3.3) do not affect where a jump goes.
bool is_without_effect(std::byte prefix) {
  return prefix == std::byte{0xf2} || prefix == std::byte{0x3e};
}

std::optional<Instruction> instruction_at(const ObjectFile& file, std::uint64_t address) {
  const auto stored = file.stored_code(file_address(file, address));
  if (!stored) return std::nullopt;
  for (std::size_t skipped = 0; skipped < 2 && skipped < stored->size(); ++skipped) {
    const auto bytes = stored->subspan(skipped);
    auto decoded =
        decode(address + skipped, bytes.first(std::min(bytes.size(), instruction_bytes_max)));
    if (decoded) return std::move(*decoded);
    if (!is_without_effect(bytes.front())) break;
  }
  return std::nullopt;
}

// psABI, figure 3.4: no function reads these on entry.
bool is_scratch(Register name) {
  return name == Register::r10 || name == Register::r11;
}

const RegisterOperand* scratch_operand(const Instruction& instruction, std::size_t index) {
  const auto* const reg = std::get_if<RegisterOperand>(&instruction.operands[index]);
  return reg != nullptr && is_scratch(reg->name) ? reg : nullptr;
}

bool is_top_of_stack(const Operand& operand) {
  const auto* const memory = std::get_if<MemoryOperand>(&operand);
  return memory != nullptr && memory->base == Register::rsp && !memory->index &&
         memory->displacement == 0 && memory->bytes == 8;
}

// Follows code for as long as it only leads elsewhere: through a word of the file, by a jump, or by
// a return to an address that it pushed (a retpoline).
class Entry {
 public:
  Entry(const ObjectFile& file, std::uint64_t address)
      : file_(file), at_(address), passage_{address} {}

  std::expected<Passage, std::string> run() {
    for (unsigned step = 0; step < steps_max; ++step) {
      const auto instruction = instruction_at(file_, at_);
      if (!instruction || !follow(*instruction)) break;
    }
    if (error_) return std::unexpected(*error_);
    return passage_;
  }

 private:
  using Value = std::optional<std::uint64_t>;  // nothing: some number

  bool follow(const Instruction& instruction) {
    at_ = instruction.next_address();
    switch (instruction.operation) {
      case Operation::nop:
      case Operation::endbr64: return true;
      case Operation::mov: return move(instruction);
      case Operation::jmp: return go_to(target_of(instruction));
      case Operation::call:
        if (!std::holds_alternative<Immediate>(instruction.operands[0])) return false;
        stack_.emplace_back(instruction.next_address());
        pushed_ = true;
        at_ = std::get<Immediate>(instruction.operands[0]).value;
        return true;
      case Operation::ret: {
        if (stack_.empty() || !instruction.operands.empty()) return false;
        const Value target = stack_.back();
        stack_.pop_back();
        return go_to(target);
      }
      default: return false;
    }
  }

  bool move(const Instruction& instruction) {
    if (is_top_of_stack(instruction.operands[0]) && !stack_.empty()) {
      const auto* const from = scratch_operand(instruction, 1);
      if (from == nullptr || from->bytes != 8) return false;
      stack_.back() = register_value(from->name);
      return true;
    }
    const auto* const to = scratch_operand(instruction, 0);
    if (to == nullptr || to->bytes < 4) return false;
    const bool is_load = std::holds_alternative<MemoryOperand>(instruction.operands[1]);
    if (is_load && !instruction.relative) return false;
    set_register(to->name, is_load && to->bytes == 8 ? load(instruction) : Value());
    return true;
  }

  Value target_of(const Instruction& jump) {
    if (const auto* const direct = std::get_if<Immediate>(&jump.operands[0])) return direct->value;
    if (const auto* const reg = std::get_if<RegisterOperand>(&jump.operands[0])) {
      return is_scratch(reg->name) ? register_value(reg->name) : Value();
    }
    return jump.relative ? load(jump) : Value();
  }

  Value load(const Instruction& instruction) {
    const auto word = word_at(file_, instruction.relative->target);
    if (word) {
      loaded_ = true;
      return *word;
    }
    unknown_word_ = word.error();
    return std::nullopt;
  }

  // The target of a retpoline's own call is not a function.
  bool go_to(Value target) {
    if (!target) {
      error_ = unknown_word_;
      return false;
    }
    at_ = *target;
    if (stack_.empty()) passage_ = {at_, loaded_, changed_, pushed_};
    return true;
  }

  Value register_value(Register name) const { return scratch_[name == Register::r11 ? 1 : 0]; }
  void set_register(Register name, Value value) { scratch_[name == Register::r11 ? 1 : 0] = value; }

  const ObjectFile& file_;
  std::uint64_t at_;
  Passage passage_;
  bool loaded_ = false;   // the latest value is a word of the file
  bool changed_ = false;  // R10 or R11 has changed
  bool pushed_ = false;   // an address has been pushed
  std::array<Value, 2> scratch_{};
  std::vector<Value> stack_;
  std::optional<std::string> unknown_word_;  // a reason, which matters only if a jump needs the
                                             // value
  std::optional<std::string> error_;
};

// Whether only the dynamic linker changes the word: in the linker's own table (psABI 5.2), or in
// memory that is read-only once the program is loaded.
bool is_final(const ObjectFile& file, std::uint64_t address) {
  const auto place = file.place_of(file_address(file, address));
  if (!file.is_relocatable() && place && place->section.starts_with(".got")) return true;
  return ConstantMemory(file).is_read_only(address, 8);
}

}  // namespace

std::optional<std::uint64_t> external_address(const ObjectFile& file, std::string_view symbol) {
  const auto& words = file.bound_words();
  const auto found = std::ranges::find_if(words, [symbol](const BoundWord& word) {
    return word.kind == BoundWord::Kind::symbol && !word.is_defined && word.symbol == symbol;
  });
  if (file.is_relocatable() || found == words.end()) return std::nullopt;
  const auto index = static_cast<std::uint64_t>(found - words.begin());
  return external_base + index * external_bytes_apart;
}

std::optional<std::string_view> external_symbol_at(const ObjectFile& file, std::uint64_t address) {
  if (file.is_relocatable()) {
    const auto& external = file.external_symbols();
    const std::uint64_t in_file = file_address(file, address);
    const auto found = std::ranges::lower_bound(external, in_file, {}, &Symbol::address);
    const bool is_there = found != external.end() && found->address == in_file;
    return is_there ? std::optional(found->name) : std::nullopt;
  }
  const std::uint64_t index = (address - external_base) / external_bytes_apart;
  if (address < external_base || index >= file.bound_words().size() ||
      (address - external_base) % external_bytes_apart != 0) {
    return std::nullopt;
  }
  return file.bound_words()[index].symbol;
}

std::expected<std::optional<std::uint64_t>, std::string> word_at(const ObjectFile& file,
                                                                 std::uint64_t address) {
  const std::uint64_t in_file = file_address(file, address);
  const BoundWord* const word = bound_word(file, in_file);
  if (word == nullptr) {
    // Works for a file without sections, too: the dynamic section then names its relocations.
    const FileContent content = ConstantMemory(file).at(address, 8);
    if (content.kind == FileContent::Kind::constant) return content.value;
    return std::nullopt;
  }
  // Only the dynamic linker writes a word that a relocation for jumps fills in (psABI 5.2).
  if (!word->is_for_jumps && !is_final(file, address)) return std::nullopt;
  switch (word->kind) {
    case BoundWord::Kind::address: return load_address(file, word->value);
    case BoundWord::Kind::chosen:
      return std::unexpected(
          "its callee is chosen when the program is loaded (R_X86_64_IRELATIVE): have it call "
          "one function");
    case BoundWord::Kind::other:
      return std::unexpected(
          "a relocation that is not modelled fills in the address of its "
          "callee");
    case BoundWord::Kind::symbol: break;
  }
  if (word->is_chosen) {
    return std::unexpected(
        fmt::format("{} is chosen when the program is loaded (STT_GNU_IFUNC): have it call one "
                    "function",
                    word->symbol));
  }
  if (word->is_defined || (file.is_relocatable() && !word->is_weak)) {
    return load_address(file, word->value);
  }
  if (word->is_weak) {
    return std::unexpected(
        fmt::format("{} is weak and this file does not define it: if no other file does, the call "
                    "goes to 0; link it with the file that defines it",
                    word->symbol));
  }
  return external_address(file, word->symbol);
}

std::expected<Passage, std::string> passage(const ObjectFile& file, std::uint64_t address) {
  // The link makes the linkage table, and the distances in the bytes before it.
  if (file.is_relocatable() || external_symbol_at(file, address)) return Passage{address};
  return Entry(file, address).run();
}

std::expected<std::uint64_t, std::string> destination(const ObjectFile& file,
                                                      std::uint64_t address) {
  const auto found = passage(file, address);
  return found ? std::expected<std::uint64_t, std::string>(found->to)
               : std::unexpected(found.error());
}

}  // namespace fiberproof::verify
