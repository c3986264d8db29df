#include "verify/survey/jump_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <variant>

namespace fiberproof::verify {

namespace {

struct Held {
  enum class Kind : std::uint8_t { other, number, bounded, table, entry, target };
  Kind kind = Kind::other;
  std::uint64_t number = 0;  // itself, or the greatest index
  std::uint64_t table = 0;
};

// Two whole registers of which the flags tell the greater one.
struct Compared {
  Register one;
  Register other;
  std::uint8_t bytes;
};

// Follows what the registers of a straight line hold, as far as a jump by a table needs it.
class Line {
 public:
  void step(const Instruction& instruction) {
    if (instruction.operation == Operation::cmp) return compare(instruction);
    if (instruction.operands.empty()) return forget(instruction);
    const auto* const to = std::get_if<RegisterOperand>(&instruction.operands[0]);
    const Held made = to == nullptr ? Held{} : result(instruction, *to);
    for (const Register written : written_registers(instruction)) change(written);
    if (made.kind != Held::Kind::other) at(to->name) = made;
    const bool keeps_flags =
        instruction.operation == Operation::mov || instruction.operation == Operation::lea ||
        instruction.operation == Operation::movsx || instruction.operation == Operation::cmov;
    if (!keeps_flags) compared_.reset();
  }

  Held& at(Register reg) { return held_[static_cast<std::size_t>(reg)]; }

 private:
  void forget(const Instruction& instruction) {
    for (const Register written : written_registers(instruction)) change(written);
    compared_.reset();
  }

  void change(Register reg) {
    at(reg) = {};
    if (compared_ && (compared_->one == reg || compared_->other == reg)) compared_.reset();
  }

  void compare(const Instruction& instruction) {
    const auto* const one = std::get_if<RegisterOperand>(&instruction.operands[0]);
    const auto* const other = std::get_if<RegisterOperand>(&instruction.operands[1]);
    compared_.reset();
    if (one != nullptr && other != nullptr && one->bytes >= 4 && one->bytes == other->bytes) {
      compared_ = Compared{one->name, other->name, one->bytes};
    }
  }

  Held result(const Instruction& instruction, const RegisterOperand& to) {
    if (instruction.operands.size() != 2 || to.bytes < 4) return {};
    const Operand& from = instruction.operands[1];
    const auto* const reg = std::get_if<RegisterOperand>(&from);
    const auto* const number = std::get_if<Immediate>(&from);
    switch (instruction.operation) {
      case Operation::xor_:
        return reg != nullptr && reg->name == to.name ? Held{Held::Kind::number} : Held{};
      case Operation::mov:
        return number != nullptr ? Held{Held::Kind::number, number->value} : Held{};
      case Operation::and_:
        return number != nullptr && number->value < entries_max
                   ? Held{Held::Kind::bounded, number->value}
                   : Held{};
      case Operation::cmov: return least(instruction, to, reg);
      case Operation::lea:
        return instruction.relative && to.bytes == 8
                   ? Held{Held::Kind::table, 0, instruction.relative->target}
                   : Held{};
      case Operation::movsx: return entry(to, from);
      case Operation::add: return reg != nullptr && to.bytes == 8 ? sum(to, *reg) : Held{};
      default: return {};
    }
  }

  // `cmp J, I; cmovb I, J`: the lesser of J and the number that I was.
  Held least(const Instruction& instruction, const RegisterOperand& to,
             const RegisterOperand* from) {
    const bool is_least = instruction.condition == Condition::b && from != nullptr && compared_ &&
                          compared_->one == from->name && compared_->other == to.name &&
                          compared_->bytes == to.bytes;
    const Held before = at(to.name);
    if (!is_least || before.kind != Held::Kind::number || before.number >= entries_max) return {};
    return {Held::Kind::bounded, before.number};
  }

  Held entry(const RegisterOperand& to, const Operand& from) {
    const auto* const memory = std::get_if<MemoryOperand>(&from);
    const bool is_entry = memory != nullptr && memory->base && memory->index &&
                          memory->scale == 4 && memory->displacement == 0 && memory->bytes == 4 &&
                          !memory->is_32_bit && to.bytes == 8;
    if (!is_entry) return {};
    const Held table = at(*memory->base);
    const Held index = at(*memory->index);
    if (table.kind != Held::Kind::table || index.kind != Held::Kind::bounded) return {};
    return {Held::Kind::entry, index.number, table.table};
  }

  Held sum(const RegisterOperand& to, const RegisterOperand& from) {
    Held one = at(to.name);
    Held other = at(from.name);
    if (one.kind == Held::Kind::table) std::swap(one, other);
    const bool is_target = one.kind == Held::Kind::entry && other.kind == Held::Kind::table &&
                           one.table == other.table;
    return is_target ? Held{Held::Kind::target, one.number, one.table} : Held{};
  }

  static constexpr std::uint64_t entries_max = 4096;
  std::array<Held, register_count> held_{};
  std::optional<Compared> compared_;
};

}  // namespace

std::optional<FoundTable> table_of_jump(std::span<const Instruction> line,
                                        const Instruction& jump) {
  Line followed;
  for (const Instruction& instruction : line) followed.step(instruction);
  const auto* const target =
      jump.operands.empty() ? nullptr : std::get_if<RegisterOperand>(&jump.operands[0]);
  if (target == nullptr) return std::nullopt;
  const Held& found = followed.at(target->name);
  if (found.kind != Held::Kind::target) return std::nullopt;
  return FoundTable{found.table, static_cast<std::size_t>(found.number) + 1};
}

JumpTable jump_table(const ObjectFile& file, std::uint64_t table, std::uint64_t begin,
                     std::uint64_t end, std::size_t entries_max) {
  JumpTable read;
  std::uint64_t code_behind = end > table ? end : ~std::uint64_t{0};
  for (std::size_t entry = 0; entry < entries_max; ++entry) {
    std::int32_t distance = 0;
    const std::uint64_t place = table + sizeof distance * entry;
    if (place + sizeof distance > code_behind) break;
    const auto word = file.bytes(place, sizeof distance);
    if (!word) break;
    std::memcpy(&distance, word->data(), sizeof distance);  // little-endian, as the file is
    const std::uint64_t target = table + static_cast<std::uint64_t>(std::int64_t{distance});
    if (target < begin || target >= end) break;
    if (target > table) code_behind = std::min(code_behind, target);
    read.bytes += sizeof distance;
    if (std::ranges::find(read.targets, target) == read.targets.end()) {
      read.targets.push_back(target);
    }
  }
  return read;
}

}  // namespace fiberproof::verify
