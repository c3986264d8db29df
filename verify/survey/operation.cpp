#include "verify/survey/operation.hpp"

#include "verify/survey/code_pieces.hpp"
#include "verify/x86/instruction_effects.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <variant>
#include <vector>

namespace fiberproof::verify {
namespace {

// A value by the loads that made it: a register where the straight line begins, or the word at such
// a value, plus a number.
struct Value {
  enum class Kind : std::uint8_t { other, entry, loaded };
  Kind kind = Kind::other;
  Register reg = Register::rax;          // of an entry
  std::shared_ptr<const Value> pointer;  // the address of a loaded word
  std::size_t load = 0;                  // which load of the line; two may differ
  std::uint64_t offset = 0;              // added to it

  bool is_known() const { return kind != Kind::other; }
  friend bool operator==(const Value& one, const Value& other) {
    return one.is_known() && one.kind == other.kind && one.reg == other.reg &&
           one.load == other.load && one.offset == other.offset;
  }
};

Value sum(Value value, std::uint64_t number) {
  value.offset += number;
  return value;
}

struct Store {
  Value address;
  Value value;
};

class StraightLine {
 public:
  StraightLine() {
    for (std::size_t index = 0; index < register_count; ++index) {
      values_[index].kind = Value::Kind::entry;
      values_[index].reg = static_cast<Register>(index);
    }
  }

  void step(const Instruction& instruction) {
    if (instruction.operands.empty()) return;
    const auto* const to = std::get_if<RegisterOperand>(&instruction.operands[0]);
    const auto* const into = std::get_if<MemoryOperand>(&instruction.operands[0]);
    if (instruction.operation == Operation::mov && into != nullptr && into->bytes == 8) {
      stores_.push_back({address_of(*into), value_of(instruction.operands[1])});
    }
    if (to != nullptr) at(to->name) = to->bytes == 8 ? result(instruction) : Value{};
  }

  // An instruction without a meaning here.
  void forget(const RegisterParts& written) {
    for (std::size_t index = 0; index < register_count; ++index) {
      const auto reg = static_cast<Register>(index);
      if ((RegisterParts::of(reg) & written).any()) at(reg) = Value{};
    }
  }

  const Value& of(Register reg) const { return values_[static_cast<std::size_t>(reg)]; }
  const std::vector<Store>& stores() const { return stores_; }

 private:
  Value& at(Register reg) { return values_[static_cast<std::size_t>(reg)]; }

  Value address_of(const MemoryOperand& memory) const {
    if (memory.index || !memory.base || memory.is_32_bit) return {};
    const Value& base = of(*memory.base);
    return base.is_known() ? sum(base, memory.displacement) : Value{};
  }

  Value value_of(const Operand& operand) {
    if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
      return reg->bytes == 8 ? of(reg->name) : Value{};
    }
    const auto* const memory = std::get_if<MemoryOperand>(&operand);
    if (memory == nullptr || memory->bytes != 8) return {};
    const Value address = address_of(*memory);
    if (!address.is_known()) return {};
    return {Value::Kind::loaded, {}, std::make_shared<const Value>(address), ++loads_, 0};
  }

  Value result(const Instruction& instruction) {
    if (instruction.operands.size() < 2) return {};
    const Operand& from = instruction.operands[1];
    switch (instruction.operation) {
      case Operation::mov: return value_of(from);
      case Operation::lea: return address_of(std::get<MemoryOperand>(from));
      case Operation::add:
      case Operation::sub: {
        const auto* const number = std::get_if<Immediate>(&from);
        const Value value = value_of(instruction.operands[0]);
        if (number == nullptr || !value.is_known()) return {};
        return sum(value,
                   instruction.operation == Operation::add ? number->value : 0 - number->value);
      }
      default: return {};
    }
  }

  std::array<Value, register_count> values_;
  std::vector<Store> stores_;
  std::size_t loads_ = 0;
};

// The code before the switch into which no branch leads, behind the last call or jump.
struct LineBefore {
  std::span<const std::byte> bytes;
  std::uint64_t address = 0;
};

LineBefore line_before(const ObjectFile& file, std::uint64_t address) {
  const auto pieces = code_pieces(file);
  const auto behind = std::ranges::upper_bound(pieces, address, {}, &CodePiece::address);
  if (behind == pieces.begin()) return {};
  const CodePiece& piece = *std::prev(behind);
  std::set<std::uint64_t> targets;
  std::vector<std::uint64_t> begins{piece.address};
  for (std::uint64_t at = piece.address; at < piece.end();) {
    const auto effects = effects_at(at, piece.bytes.subspan(at - piece.address));
    if (!effects) {
      ++at;
      continue;
    }
    at = effects->next_address();
    using Flow = InstructionEffects::Flow;
    if (effects->target && effects->flow != Flow::call) targets.insert(*effects->target);
    const bool falls_through = effects->flow == Flow::next || effects->flow == Flow::branch;
    if (!falls_through) begins.push_back(at);
  }
  std::uint64_t begin = piece.address;
  for (const std::uint64_t place : begins) {
    if (place <= address) begin = std::max(begin, place);
  }
  for (const std::uint64_t place : targets) {
    if (place <= address) begin = std::max(begin, place);
  }
  return {piece.bytes.subspan(begin - piece.address, address - begin), begin};
}

StraightLine follow(const LineBefore& line) {
  StraightLine values;
  for (std::size_t at = 0; at < line.bytes.size();) {
    const auto rest = line.bytes.subspan(at);
    const auto effects = effects_at(line.address + at, rest);
    if (!effects) break;
    if (const auto decoded = decode(line.address + at, rest)) {
      values.step(*decoded);
    } else {
      values.forget(effects->writes);
    }
    at += effects->length;
  }
  return values;
}

OperationPart unknown(std::string reason) {
  return {Verdict::unknown, std::move(reason)};
}

constexpr const char* from_further_back = "its value comes from before the straight line";

OperationPart context_part(const Value& context, const EngineOffsets& offsets) {
  if (context.kind == Value::Kind::entry && context.reg == Register::rsp) {
    return unknown("it is in the frame, where a copy was made");
  }
  if (context.kind != Value::Kind::loaded) return unknown(from_further_back);
  if (context.offset != offsets.stack_control_context) {
    return {Verdict::refuted, fmt::format("it is at {:#x} from the word that was loaded",
                                          static_cast<std::int64_t>(context.offset))};
  }
  const Value& top = *context.pointer;
  if (top.offset != offsets.record_stack_top) {
    return {Verdict::refuted, fmt::format("the top is the word at {:#x} of a record", top.offset)};
  }
  return {Verdict::proved, {}};
}

OperationPart ancestor_part(const Value& context, const EngineOffsets& offsets) {
  const Value record = sum(*context.pointer, 0 - offsets.record_stack_top);
  if (record.kind != Value::Kind::loaded) return unknown(from_further_back);
  const std::uint64_t offset = record.pointer->offset;
  if (record.offset == 0 && offset == offsets.record_last_ancestor) return {Verdict::proved, {}};
  return unknown(fmt::format("it is the word at {:#x} of something", offset));
}

// The line sets the running record and the limit of one store, the limit to the word of that
// record.
OperationPart limit_part(const StraightLine& values, const EngineOffsets& offsets) {
  for (const auto& [running, record] : values.stores()) {
    if (!running.is_known() || !record.is_known()) continue;
    const Value store = sum(running, 0 - offsets.store_running);
    const Value limit = sum(store, offsets.store_stack_limit);
    const Value word = sum(record, offsets.record_stack_limit);
    const bool is_set = std::ranges::any_of(values.stores(), [&](const Store& other) {
      return other.address == limit && other.value.kind == Value::Kind::loaded &&
             other.value.offset == 0 && *other.value.pointer == word;
    });
    if (is_set) return {Verdict::proved, {}};
  }
  return unknown("the straight line before the switch does not set both of a store");
}

}  // namespace

SwitchOperation operation_of(const ObjectFile& file, const FoundSwitch& found,
                             const EngineOffsets& offsets) {
  const StraightLine values = follow(line_before(file, found.code.address));
  const Value store = sum(values.of(found.store.base), found.store.offset);
  SwitchOperation operation;
  operation.context = context_part(store, offsets);
  operation.last_ancestor = operation.context.verdict == Verdict::proved
                                ? ancestor_part(store, offsets)
                                : unknown("the record is not known");
  operation.stack_limit = limit_part(values, offsets);
  return operation;
}

}  // namespace fiberproof::verify
