#include "verify/cli/contract_sketch.hpp"

#include "verify/survey/straight_line.hpp"
#include "verify/x86/paths.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <compare>
#include <map>
#include <optional>
#include <vector>

namespace fiberproof::verify {
namespace {

using Kind = LineValue::Kind;

// psABI 3.2.1.
constexpr std::array callee_saved{Register::rbx, Register::rbp, Register::r12,
                                  Register::r13, Register::r14, Register::r15};

// What addresses are sums over: a register at the beginning, or a word that was loaded.
struct Base {
  Kind kind;
  Register reg;
  std::size_t load;
  auto operator<=>(const Base&) const = default;
};

Base base_of(const LineValue& value) {
  return {value.kind, value.reg, value.kind == Kind::loaded ? value.load : 0};
}

struct Extent {
  std::int64_t low = 0;
  std::int64_t high = 0;
  bool is_stored = false;
};

struct Store {
  LineValue address;
  LineValue value;
  unsigned bytes;
};

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

// Follows a routine to where it leaves.
class Sketch {
 public:
  explicit Sketch(const Routine& routine)
      : code_(decode_all(routine.symbol, routine.address, routine.bytes)) {}

  std::string text(const std::string& name, const std::string& symbol) {
    touch({Kind::entry, Register::rsp}, 8, false);  // the return address, above what it pushes
    follow();
    return heading(name) + memory() + run(symbol) + claims() + modified() + left_to_do();
  }

 private:
  void note(const Instruction& instruction, const std::string& what) {
    notes_.push_back(
        fmt::format("+{:#x}  {}: {}", instruction.address - code_.begin, instruction.text, what));
  }

  void follow() {
    for (const auto& [address, instruction] : code_.instructions) {
      if (step(instruction)) return;
    }
    notes_.emplace_back("the code ends without a jump or a return");
  }

  /// Returns true where control leaves.
  bool step(const Instruction& instruction) {
    const bool is_direct =
        !instruction.operands.empty() && std::holds_alternative<Immediate>(instruction.operands[0]);
    switch (instruction.operation) {
      case Operation::ret:
        rip_ = load(line_.value_of(Register::rsp), 8);
        line_.set(Register::rsp, line_.value_of(Register::rsp).plus(8));
        return true;
      case Operation::jmp:
        if (is_direct) return note(instruction, "what it jumps to is not followed"), true;
        rip_ = value_of(instruction.operands[0]);
        return true;
      case Operation::pop: {
        const LineValue word = load(line_.value_of(Register::rsp), 8);
        line_.step(instruction);
        if (const auto* const to = std::get_if<RegisterOperand>(&instruction.operands[0])) {
          line_.set(to->name, word);
        }
        return false;
      }
      case Operation::call:
        note(instruction,
             "describe it: call NAME = function SYMBOL, with what it keeps and returns");
        line_.forget(RegisterParts::changed_by_calls());
        loads_before_calls_ = std::min(loads_before_calls_, pointers_.size());
        return false;
      case Operation::jcc: note(instruction, "the other path is not followed"); return false;
      case Operation::lea:
      case Operation::nop: return line_.step(instruction), false;
      case Operation::ldmxcsr:
        changes_mxcsr_ = true;
        loads_mxcsr(std::get<MemoryOperand>(instruction.operands[0]));
        break;
      case Operation::fldcw:
      case Operation::fldenv: changes_x87_ = true; break;
      case Operation::cld:
      case Operation::std: changes_df_ = true; break;
      default: break;
    }
    access(instruction);
    return false;
  }

  // A reserved bit would fault (SDM vol. 2, LDMXCSR).
  void loads_mxcsr(const MemoryOperand& memory) {
    const LineValue address = address_of(memory);
    const bool was_stored = std::ranges::any_of(
        stores_, [&address](const Store& store) { return store.address.is_same_as(address); });
    if (address.is_known() && address.kind != Kind::address && !was_stored) {
      mxcsr_words_.push_back(address);
    }
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
      if (!address.is_known() || address.kind == Kind::address) {
        note(instruction, "the memory that it accesses is not followed");
        continue;
      }
      const bool is_store = index == 0 && !only_reads(instruction.operation);
      if (!is_store || !overwrites(instruction.operation)) loaded = load(address, memory->bytes);
      if (is_store) {
        touch(address, memory->bytes, true);
        stored = stores_.size();
        stores_.push_back({address, {}, memory->bytes});
      }
    }
    if (instruction.operation == Operation::push) {
      const LineValue pushed = loaded ? *loaded : value_of(operands[0]);
      const LineValue at = line_.value_of(Register::rsp).plus(std::uint64_t{0} - 8);
      touch(at, 8, true);
      stores_.push_back({at, pushed, 8});
    }
    if (stored && instruction.operation == Operation::mov && operands.size() == 2) {
      stores_[*stored].value = value_of(operands[1]);
    }
    line_.step(instruction);
    const bool takes_word = instruction.operation == Operation::mov && loaded &&
                            std::holds_alternative<RegisterOperand>(operands[0]) &&
                            instruction.bytes == 8;
    if (takes_word) line_.set(std::get<RegisterOperand>(operands[0]).name, *loaded);
  }

  LineValue address_of(const MemoryOperand& memory) const {
    if (memory.index || memory.is_32_bit || memory.is_by_fs) return {};
    if (!memory.base) return {Kind::address, Register::rax, 0, memory.displacement};
    const LineValue base = line_.value_of(*memory.base);
    return base.is_known() ? base.plus(memory.displacement) : LineValue{};
  }

  LineValue value_of(const Operand& operand) {
    if (const auto* const reg = std::get_if<RegisterOperand>(&operand)) {
      return reg->bytes == 8 ? line_.value_of(reg->name) : LineValue{};
    }
    const auto* const memory = std::get_if<MemoryOperand>(&operand);
    return memory == nullptr ? LineValue{} : load(address_of(*memory), memory->bytes);
  }

  /// The word that was stored there before, or a new one.
  LineValue load(const LineValue& address, unsigned bytes) {
    if (!address.is_known() || address.kind == Kind::address) return {};
    touch(address, bytes, false);
    for (auto store = stores_.rbegin(); store != stores_.rend(); ++store) {
      if (store->address.is_same_as(address))
        return store->bytes == bytes ? store->value : LineValue{};
    }
    if (bytes != 8) return {};
    // A callee may have changed what was loaded before.
    const std::size_t first = loads_before_calls_ <= pointers_.size() ? loads_before_calls_ : 0;
    for (std::size_t known = first; known < pointers_.size(); ++known) {
      if (pointers_[known].is_same_as(address)) return {Kind::loaded, Register::rax, known};
    }
    pointers_.push_back(address);
    return {Kind::loaded, Register::rax, pointers_.size() - 1};
  }

  void touch(const LineValue& address, unsigned bytes, bool is_store) {
    const Base base = base_of(address);
    const auto low = static_cast<std::int64_t>(address.offset);
    const auto [entry, is_new] = extents_.try_emplace(base, Extent{low, low + bytes, is_store});
    Extent& extent = entry->second;
    extent.low = std::min(extent.low, low);
    extent.high = std::max(extent.high, low + bytes);
    extent.is_stored = extent.is_stored || is_store;
  }

  bool is_base(const Base& base) const { return extents_.contains(base); }

  std::string name_of_base(const Base& base) const {
    if (base.kind == Kind::loaded) return fmt::format("there_{}", base.load + 1);
    return base.reg == Register::rsp ? "frame" : fmt::format("at_{}", name(base.reg));
  }

  static std::string sum(const std::string& what, std::uint64_t offset) {
    const auto number = static_cast<std::int64_t>(offset);
    if (number == 0) return what;
    return number > 0 ? fmt::format("{} + {:#x}", what, number)
                      : fmt::format("{} - {:#x}", what, std::uint64_t{0} - offset);
  }

  std::string text_of(const LineValue& value) const {
    const Base base = base_of(value);
    if (is_base(base)) return sum(name_of_base(base), value.offset);
    if (value.kind == Kind::entry) return sum(fmt::format("old {}", name(value.reg)), value.offset);
    if (value.kind == Kind::address) return fmt::format("{:#x}", value.offset);
    return sum(fmt::format("{}[{}]", value.load < loads_before_calls_ ? "old " : "",
                           text_of(pointers_[value.load])),
               value.offset);
  }

  static std::string heading(const std::string& name) {
    return fmt::format(
        "# {0}: what the routine does today, as `fiberproof contract new` reads it off its "
        "instructions.\n"
        "#\n"
        "# It is true of the code, right or wrong. Make of it what the code should do: give the "
        "ghosts\n"
        "# the names of your library, and each claim a reason that a reader can check. A switch "
        "needs a\n"
        "# second run, which comes back: libraries/README.md says how.\n"
        "contract {0}\n\n",
        name);
  }

  std::string memory() const {
    std::string ghosts;
    std::string regions;
    for (const auto& [base, extent] : extents_) {
      const std::string ghost = name_of_base(base);
      ghosts += fmt::format("ghost {} : word\n", ghost);
      if (base.kind == Kind::loaded) {
        regions += fmt::format("assume [{}] == {}\n", text_of(pointers_[base.load]), ghost);
      }
      regions += fmt::format("region memory_of_{} = [{}, {}){}\n", ghost,
                             sum(ghost, static_cast<std::uint64_t>(extent.low)),
                             sum(ghost, static_cast<std::uint64_t>(extent.high)),
                             extent.is_stored ? "" : " read_only");
    }
    for (const LineValue& address : mxcsr_words_) {
      regions += fmt::format("assume u32 [{}] < 0x10000  # no reserved bit, which would fault\n",
                             text_of(address));
    }
    return ghosts + '\n' + regions + '\n';
  }

  std::string run(const std::string& symbol) const {
    std::string text = fmt::format("run go = function {}\n", symbol);
    for (const auto& [base, extent] : extents_) {
      if (base.kind == Kind::entry) {
        text += fmt::format("  {} == {}\n", name(base.reg), name_of_base(base));
      }
    }
    return text + '\n';
  }

  std::vector<Register> claimed_registers() const {
    std::vector<Register> all(callee_saved.begin(), callee_saved.end());
    for (const Register reg : {Register::rax, Register::rdi, Register::rsi, Register::rdx}) {
      if (!line_.value_of(reg).is_entry_of(reg)) all.push_back(reg);
    }
    return all;
  }

  // The last store to each place, whose value is known.
  std::vector<Store> last_stores() const {
    std::vector<Store> last;
    for (const Store& store : stores_) {
      std::erase_if(last, [&store](const Store& earlier) {
        return earlier.address.is_same_as(store.address);
      });
      last.push_back(store);
    }
    std::erase_if(last,
                  [](const Store& store) { return !store.value.is_known() || store.bytes != 8; });
    return last;
  }

  std::string claims() const {
    std::string text = "exit\n";
    if (rip_.is_known()) text += fmt::format("  X1 continues: rip == {}\n", text_of(rip_));
    const LineValue rsp = line_.value_of(Register::rsp);
    if (rsp.is_known()) text += fmt::format("  X1 rsp: rsp == {}\n", text_of(rsp));
    for (const Register reg : claimed_registers()) {
      const LineValue value = line_.value_of(reg);
      if (value.is_known())
        text += fmt::format("  X2 {0}: {0} == {1}\n", name(reg), text_of(value));
    }
    std::size_t number = 0;
    for (const Store& store : last_stores()) {
      text += fmt::format("  X3 word_{}: [{}] == {}\n", ++number, text_of(store.address),
                          text_of(store.value));
    }
    if (!changes_mxcsr_) text += "  X4 mxcsr: mxcsr_control == old mxcsr_control\n";
    if (!changes_x87_) text += "  X4 x87: x87_control == old x87_control\n";
    if (!changes_df_) text += "  X4 df: df == old df\n";
    return text;
  }

  std::string modified() const {
    if (stores_.empty()) return {};
    std::map<Base, std::map<std::int64_t, std::int64_t>> ranges;  // from, to
    for (const Store& store : stores_) {
      const auto low = static_cast<std::int64_t>(store.address.offset);
      const std::int64_t high = low + static_cast<std::int64_t>(store.bytes);
      const auto [range, is_new] = ranges[base_of(store.address)].try_emplace(low, high);
      range->second = std::max(range->second, high);
    }
    std::string text = "\nmodifies\n";
    for (const auto& [base, of_base] : ranges) {
      for (auto range = of_base.begin(); range != of_base.end();) {
        const std::int64_t low = range->first;
        std::int64_t high = range->second;
        for (++range; range != of_base.end() && range->first <= high; ++range) {
          high = std::max(high, range->second);
        }
        text +=
            fmt::format("  X5 [{}, {})\n", sum(name_of_base(base), static_cast<std::uint64_t>(low)),
                        sum(name_of_base(base), static_cast<std::uint64_t>(high)));
      }
    }
    return text;
  }

  std::string left_to_do() const {
    if (notes_.empty()) return {};
    std::string text = "\n# What is left to do by hand:\n";
    for (const std::string& line : notes_) text += "# " + line + '\n';
    return text;
  }

  Code code_;
  StraightLine line_;
  std::vector<LineValue> pointers_;  // by the number of the word that was loaded
  std::vector<Store> stores_;
  std::map<Base, Extent> extents_;
  std::vector<LineValue> mxcsr_words_;
  std::vector<std::string> notes_;
  std::size_t loads_before_calls_ = SIZE_MAX;
  LineValue rip_;
  bool changes_mxcsr_ = false;
  bool changes_x87_ = false;
  bool changes_df_ = false;
};

}  // namespace

std::string sketch_contract(const std::string& name, const std::string& symbol,
                            const Routine& routine) {
  return Sketch(routine).text(name, symbol);
}

}  // namespace fiberproof::verify
