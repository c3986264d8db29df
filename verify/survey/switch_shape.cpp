#include "verify/survey/switch_shape.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <utility>
#include <variant>

namespace fiberproof::verify {
namespace {

// What a register holds, as far as it matters here.
struct Value {
  enum class Kind : std::uint8_t {
    other,
    entry,    // the value of `reg` where the run begins, plus `offset`
    loaded,   // the word of memory at that sum
    address,  // a place in the code
  };
  Kind kind = Kind::other;
  Register reg = Register::rax;
  std::uint64_t offset = 0;

  bool is_entry_of(Register wanted) const { return kind == Kind::entry && reg == wanted; }
};

struct Store {
  Value address;
  Value value;
};

// Follows the moves of 64 bits; whatever else writes a register makes its value unknown.
class Moves {
 public:
  Moves() {
    for (std::size_t index = 0; index < register_count; ++index) {
      values_[index] = {Value::Kind::entry, static_cast<Register>(index), 0};
    }
  }

  void step(const Instruction& instruction) {
    if (instruction.operands.empty()) return;
    const auto* const to = std::get_if<RegisterOperand>(&instruction.operands[0]);
    const auto* const into = std::get_if<MemoryOperand>(&instruction.operands[0]);
    if (instruction.operation == Operation::push) return push(instruction);
    if (instruction.operation == Operation::pop && to != nullptr) return pop(*to);
    if (instruction.operation == Operation::mov && into != nullptr && into->bytes == 8) {
      stores_.push_back({address_of(*into), value_of(instruction.operands[1])});
      return;
    }
    if (to == nullptr) return;
    if (instruction.operation == Operation::xchg) {
      const auto* const other = std::get_if<RegisterOperand>(&instruction.operands[1]);
      if (other != nullptr && to->bytes == 8) {
        std::swap(at(to->name), at(other->name));
        return;
      }
    }
    at(to->name) = to->bytes == 8 ? result(instruction) : Value{};
  }

  Value value_of(Register reg) const { return values_[static_cast<std::size_t>(reg)]; }
  Value value_of(const Operand& operand) const {
    if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
      return reg->bytes == 8 ? value_of(reg->name) : Value{};
    }
    const auto* const memory = std::get_if<MemoryOperand>(&operand);
    if (memory == nullptr || memory->bytes != 8) return {};
    Value address = address_of(*memory);
    if (address.kind == Value::Kind::entry)
      return {Value::Kind::loaded, address.reg, address.offset};
    return {};
  }
  const std::vector<Store>& stores() const { return stores_; }

 private:
  Value& at(Register reg) { return values_[static_cast<std::size_t>(reg)]; }

  Value address_of(const MemoryOperand& memory) const {
    if (memory.index || memory.is_32_bit) return {};
    if (!memory.base) return {Value::Kind::address, Register::rax, memory.displacement};
    Value value = value_of(*memory.base);
    if (value.kind != Value::Kind::entry) return {};
    value.offset += memory.displacement;
    return value;
  }

  Value result(const Instruction& instruction) const {
    switch (instruction.operation) {
      case Operation::mov: return value_of(instruction.operands[1]);
      case Operation::lea: return address_of(std::get<MemoryOperand>(instruction.operands[1]));
      case Operation::add:
      case Operation::sub: {
        const auto* const number = std::get_if<Immediate>(&instruction.operands[1]);
        Value value = value_of(instruction.operands[0]);
        if (number == nullptr || value.kind != Value::Kind::entry) return {};
        value.offset += instruction.operation == Operation::add ? number->value : -number->value;
        return value;
      }
      default: return {};
    }
  }

  void push(const Instruction& instruction) {
    Value& rsp = at(Register::rsp);
    const Value pushed = value_of(instruction.operands[0]);
    rsp.offset -= 8;
    stores_.push_back({rsp, pushed});
  }

  void pop(const RegisterOperand& to) {
    Value& rsp = at(Register::rsp);
    rsp.offset += 8;
    at(to.name) = {};  // a pop restores something of this stack
  }

  std::array<Value, register_count> values_;
  std::vector<Store> stores_;
};

// The context that most of the moves agree on; the first of them if all differ.
std::optional<SwitchOperand> agreed(const std::array<std::optional<SwitchOperand>, 3>& moves) {
  std::optional<SwitchOperand> best;
  std::ptrdiff_t most = 0;
  for (const auto& move : moves) {
    const std::ptrdiff_t count = move ? std::ranges::count(moves, move) : 0;
    if (count > most) {
      best = move;
      most = count;
    }
  }
  return best;
}

constexpr std::array<std::string_view, 3> words{"RSP", "RBP", "the address to resume at"};

// Counts the moves by the context's register; a push of a prologue is none of them.
std::size_t count(const std::array<std::optional<SwitchOperand>, 3>& moves,
                  const SwitchOperand& context, const char* verb, SwitchShape& shape) {
  std::size_t made = 0;
  for (std::size_t word = 0; word < words.size(); ++word) {
    if (moves[word] && moves[word]->base == context.base) {
      ++made;
      shape.moves_rsp = shape.moves_rsp || word == 0;
    } else {
      shape.missing.push_back(fmt::format("{} is not {}", words[word], verb));
    }
  }
  return made;
}

// The words of a context are 8 bytes apart, in the order of `words`.
std::optional<SwitchOperand> context_of(const Value& place, std::size_t word) {
  return SwitchOperand{place.reg, place.offset - 8 * word};
}

SwitchShape shape_from(std::span<const Instruction> run) {
  Moves moves;
  for (const Instruction& instruction : run.first(run.size() - 1)) moves.step(instruction);
  const std::array<Value, 3> results{moves.value_of(Register::rsp), moves.value_of(Register::rbp),
                                     moves.value_of(run.back().operands[0])};
  std::array<std::optional<SwitchOperand>, 3> loaded;
  for (std::size_t word = 0; word < results.size(); ++word) {
    if (results[word].kind == Value::Kind::loaded) loaded[word] = context_of(results[word], word);
  }
  std::array<std::optional<SwitchOperand>, 3> stored;
  for (const auto& [address, value] : moves.stores()) {
    if (address.kind != Value::Kind::entry) continue;
    if (value.is_entry_of(Register::rsp)) stored[0] = context_of(address, 0);
    if (value.is_entry_of(Register::rbp)) stored[1] = context_of(address, 1);
    if (value.kind == Value::Kind::address) stored[2] = context_of(address, 2);
  }
  SwitchShape shape;
  shape.instructions = run.size();
  shape.load = agreed(loaded).value_or(SwitchOperand{});
  shape.store = agreed(stored).value_or(SwitchOperand{});
  shape.loads = count(loaded, shape.load, "loaded", shape);
  shape.loads_agree = std::ranges::count(loaded, std::optional(shape.load)) == 3;
  shape.stores = count(stored, shape.store, "stored", shape);
  return shape;
}

}  // namespace

std::string text_of(const SwitchOperand& operand) {
  if (operand.offset == 0) return std::string(name(operand.base));
  const bool is_negative = operand.offset >> 63 != 0;
  return fmt::format("{}{}{:#x}", name(operand.base), is_negative ? '-' : '+',
                     is_negative ? -operand.offset : operand.offset);
}

SwitchShape shape_of(std::span<const Instruction> run) {
  SwitchShape best = shape_from(run.last(1));
  for (std::size_t size = 2; size <= run.size(); ++size) {
    SwitchShape shape = shape_from(run.last(size));
    if (shape.loads + shape.stores > best.loads + best.stores) best = std::move(shape);
  }
  return best;
}

}  // namespace fiberproof::verify
