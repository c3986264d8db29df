#include "verify/survey/followed_routine.hpp"

#include "verify/x86/paths.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace fiberproof::verify {
namespace {

using Kind = LineValue::Kind;

constexpr const char* not_followed = "the memory that it accesses is not followed";

bool only_reads(Operation operation) {
  switch (operation) {
    case Operation::cmp:
    case Operation::test:
    case Operation::bt:
    case Operation::ldmxcsr:
    case Operation::fldcw:
    case Operation::fldenv:
    case Operation::push:
    case Operation::jmp:
    case Operation::call: return true;
    default: return false;
  }
}

bool overwrites(Operation operation) {
  switch (operation) {
    case Operation::mov:
    case Operation::pop:
    case Operation::stmxcsr:
    case Operation::fnstcw:
    case Operation::fnstenv:
    case Operation::set: return true;
    default: return false;
  }
}

class Follower {
 public:
  explicit Follower(const Routine& routine)
      : code_(decode_all(routine.symbol, routine.address, routine.bytes)) {
    touch({Kind::entry, Register::rsp}, 8, false);  // the return address, above what it pushes
  }

  FollowedRoutine result() {
    follow();
    return std::move(out_);
  }

 private:
  void note(const Instruction& instruction, const std::string& what) {
    out_.notes.push_back(
        fmt::format("+{:#x}  {}: {}", instruction.address - code_.begin, instruction.text, what));
  }

  // Straight on, and along direct jumps within the routine that lead forward.
  void follow() {
    for (std::uint64_t at = code_.begin; out_.has_left == FollowedRoutine::Left::no;) {
      const auto instruction = code_.instructions.find(at);
      if (instruction == code_.instructions.end()) {
        const auto refused = code_.refused.find(at);
        out_.notes.push_back(refused == code_.refused.end()
                                 ? "the code ends without a jump or a return"
                                 : fmt::format("+{:#x}  {}: {}", at - code_.begin,
                                               refused->second.instruction,
                                               refused->second.reason));
        out_.has_left = FollowedRoutine::Left::unknown;
        return;
      }
      at = instruction->second.next_address();
      if (const auto target = jump_within(instruction->second)) {
        at = *target;
      } else {
        step(instruction->second);
      }
    }
  }

  std::optional<std::uint64_t> jump_within(const Instruction& instruction) const {
    if (instruction.operation != Operation::jmp) return std::nullopt;
    const auto* const target = std::get_if<Immediate>(&instruction.operands[0]);
    const bool is_forward = target != nullptr && target->value > instruction.address;
    return is_forward && code_.instructions.contains(target->value) ? std::optional(target->value)
                                                                    : std::nullopt;
  }

  void step(const Instruction& instruction) {
    const bool is_direct =
        !instruction.operands.empty() && std::holds_alternative<Immediate>(instruction.operands[0]);
    switch (instruction.operation) {
      case Operation::ret:
        out_.rip = pop(instruction);
        out_.has_left = FollowedRoutine::Left::yes;
        return;
      case Operation::jmp:
        out_.has_left = is_direct ? FollowedRoutine::Left::unknown : FollowedRoutine::Left::yes;
        if (is_direct) return note(instruction, "what it jumps to is not followed");
        out_.rip = value_of(instruction, instruction.operands[0]);
        return;
      case Operation::pop: return pop_into(instruction);
      case Operation::call:
        note(instruction,
             "describe it: call NAME = function SYMBOL, with what it keeps and returns");
        out_.line.forget(RegisterParts::changed_by_calls());
        out_.loads_before_calls = std::min(out_.loads_before_calls, out_.pointers.size());
        return;
      case Operation::jcc: return note(instruction, "the other path is not followed");
      case Operation::lea:
      case Operation::nop: return out_.line.step(instruction);
      case Operation::ldmxcsr:
        out_.changes_mxcsr = true;
        loads_mxcsr(std::get<MemoryOperand>(instruction.operands[0]));
        break;
      case Operation::fldcw:
      case Operation::fldenv: out_.changes_x87 = true; break;
      case Operation::cld:
      case Operation::std: out_.changes_df = true; break;
      default: break;
    }
    access(instruction);
  }

  // Takes the word at RSP, which then is above it.
  LineValue pop(const Instruction& instruction) {
    const LineValue at = out_.line.value_of(Register::rsp);
    if (!is_followed(at)) note(instruction, not_followed);
    out_.line.set(Register::rsp, at.is_known() ? at.plus(8) : LineValue{});
    return load(at, 8);
  }

  // Into memory by RSP, it counts from above the word (SDM vol. 2, POP).
  void pop_into(const Instruction& instruction) {
    if (instruction.bytes != 8) {
      note(instruction, not_followed);
      return out_.line.forget(RegisterParts::all());
    }
    const LineValue word = pop(instruction);
    if (const auto* const to = std::get_if<RegisterOperand>(&instruction.operands[0])) {
      return out_.line.set(to->name, word);
    }
    const LineValue address = address_of(std::get<MemoryOperand>(instruction.operands[0]));
    if (!is_followed(address)) return note(instruction, not_followed);
    store(address, word, 8);
  }

  void store(const LineValue& address, const LineValue& value, unsigned bytes) {
    touch(address, bytes, true);
    out_.stores.push_back({address, value, bytes});
  }

  // A reserved bit would fault (SDM vol. 2, LDMXCSR).
  void loads_mxcsr(const MemoryOperand& memory) {
    const LineValue address = address_of(memory);
    const bool was_stored = std::ranges::any_of(
        out_.stores, [&address](const FollowedStore& store) { return overlap(store, address, 4); });
    if (is_followed(address) && !was_stored) out_.mxcsr_words.push_back(address);
  }

  // An instruction that may access memory, and changes registers as it does.
  void access(const Instruction& instruction) {
    std::optional<LineValue> loaded;
    std::optional<std::size_t> stored;
    const auto& operands = instruction.operands;
    for (std::size_t index = 0; index < operands.size(); ++index) {
      const auto* const memory = std::get_if<MemoryOperand>(&operands[index]);
      if (memory == nullptr) continue;
      const LineValue address = address_of(*memory);
      if (!is_followed(address)) {
        note(instruction, not_followed);
        continue;
      }
      const bool is_store = index == 0 && !only_reads(instruction.operation);
      if (!is_store || !overwrites(instruction.operation)) loaded = load(address, memory->bytes);
      if (is_store) {
        stored = out_.stores.size();
        store(address, {}, memory->bytes);
      }
    }
    if (instruction.operation == Operation::push) {
      const LineValue pushed = loaded ? *loaded : register_value(operands[0]);
      const LineValue rsp = out_.line.value_of(Register::rsp);
      if (is_followed(rsp) && instruction.bytes == 8) {
        store(rsp.plus(std::uint64_t{0} - 8), pushed, 8);
      } else {
        note(instruction, not_followed);
      }
    }
    if (stored && instruction.operation == Operation::mov && operands.size() == 2) {
      out_.stores[*stored].value = register_value(operands[1]);
    }
    out_.line.step(instruction);
    // Its numbers of loads are not ours.
    const bool has_memory = std::ranges::any_of(operands, [](const Operand& operand) {
      return std::holds_alternative<MemoryOperand>(operand);
    });
    for (const Register written : written_registers(instruction)) {
      const bool is_of_rsp = written == Register::rsp && instruction.operation == Operation::push;
      if (has_memory && !is_of_rsp) out_.line.set(written, {});
    }
    const bool takes_word = instruction.operation == Operation::mov && loaded &&
                            std::holds_alternative<RegisterOperand>(operands[0]) &&
                            instruction.bytes == 8;
    if (takes_word) out_.line.set(std::get<RegisterOperand>(operands[0]).name, *loaded);
  }

  LineValue address_of(const MemoryOperand& memory) const {
    if (memory.index || memory.is_32_bit || memory.is_by_fs) return {};
    if (!memory.base) return {Kind::address, Register::rax, 0, memory.displacement};
    const LineValue base = out_.line.value_of(*memory.base);
    return base.is_known() ? base.plus(memory.displacement) : LineValue{};
  }

  LineValue register_value(const Operand& operand) const {
    const auto* const reg = std::get_if<RegisterOperand>(&operand);
    return reg != nullptr && reg->bytes == 8 ? out_.line.value_of(reg->name) : LineValue{};
  }

  LineValue value_of(const Instruction& instruction, const Operand& operand) {
    const auto* const memory = std::get_if<MemoryOperand>(&operand);
    if (memory == nullptr) return register_value(operand);
    const LineValue address = address_of(*memory);
    if (!is_followed(address)) note(instruction, not_followed);
    return load(address, memory->bytes);
  }

  /// The word that was stored there before, or a new one.
  LineValue load(const LineValue& address, unsigned bytes) {
    if (!is_followed(address)) return {};
    touch(address, bytes, false);
    for (auto store = out_.stores.rbegin(); store != out_.stores.rend(); ++store) {
      if (!overlap(*store, address, bytes)) continue;
      const bool is_same = store->address.is_same_as(address) && store->bytes == bytes;
      return is_same && bytes == 8 ? store->value : LineValue{};
    }
    if (bytes != 8) return {};
    // A callee may have changed what was loaded before.
    const std::size_t first =
        out_.loads_before_calls <= out_.pointers.size() ? out_.loads_before_calls : 0;
    for (std::size_t known = first; known < out_.pointers.size(); ++known) {
      if (out_.pointers[known].is_same_as(address)) return {Kind::loaded, Register::rax, known};
    }
    out_.pointers.push_back(address);
    return {Kind::loaded, Register::rax, out_.pointers.size() - 1};
  }

  void touch(const LineValue& address, unsigned bytes, bool is_store) {
    const AddressBase base = base_of(address);
    const auto low = static_cast<std::int64_t>(address.offset);
    const auto [entry, is_new] = out_.extents.try_emplace(base, Extent{low, low + bytes, is_store});
    Extent& extent = entry->second;
    extent.low = std::min(extent.low, low);
    extent.high = std::max(extent.high, low + bytes);
    extent.is_stored = extent.is_stored || is_store;
  }

  Code code_;
  FollowedRoutine out_;
};

}  // namespace

AddressBase base_of(const LineValue& value) {
  return {value.kind, value.reg, value.kind == Kind::loaded ? value.load : 0};
}

FollowedRoutine follow(const Routine& routine) {
  return Follower(routine).result();
}

bool is_followed(const LineValue& value) {
  return value.is_known() && value.kind != Kind::address;
}

bool overlap(const FollowedStore& store, const LineValue& address, unsigned bytes) {
  return base_of(store.address) == base_of(address) &&
         (address.offset - store.address.offset < store.bytes ||
          store.address.offset - address.offset < bytes);
}

}  // namespace fiberproof::verify
