#include "verify/survey/live_registers.hpp"

#include "verify/object/frame_extent.hpp"
#include "verify/survey/jump_table.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <deque>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

using Flow = InstructionEffects::Flow;

constexpr std::size_t instructions_max = 200'000;
constexpr std::size_t callee_instructions_max = 2'000;
constexpr std::size_t table_distance_max = 12;  // instructions from making the address to the jump
constexpr std::size_t instruction_bytes_max = 15;

// The code around an address with its relocations, and the instructions in it.
class CodeReader {
 public:
  explicit CodeReader(const ObjectFile& file) : file_(file) {}

  std::expected<std::span<const std::byte>, std::string> code_at(std::uint64_t address) {
    auto next = routines_.upper_bound(address);
    if (next != routines_.begin()) {
      const Routine& before = std::prev(next)->second;
      const std::uint64_t offset = address - before.address;
      if (offset < before.bytes.size()) return std::span(before.bytes).subspan(offset);
    }
    auto routine = routine_around(address);
    if (!routine) return std::unexpected(routine.error());
    const std::uint64_t offset = address - routine->address;
    const Routine& kept =
        routines_.insert_or_assign(routine->address, std::move(*routine)).first->second;
    return std::span(kept.bytes).subspan(offset);
  }

  const ObjectFile& file() const { return file_; }

 private:
  std::expected<Routine, std::string> routine_around(std::uint64_t address) const {
    std::uint64_t begin = address;
    std::uint64_t bytes = 0;
    if (const auto function = file_.function_holding(address)) {
      begin = function->address;
      bytes = function->size;
    } else if (const auto extent = frame_extent(file_, address)) {
      begin = extent->begin;
      bytes = extent->bytes;
    } else {
      const auto rest = file_.stored_code(address);
      if (!rest) return std::unexpected(rest.error().reason);
      bytes = rest->size();
    }
    auto routine = file_.code("", begin, bytes);
    // A function whose last bytes are not final may still be read up to there.
    if (!routine) routine = file_.code("", address, std::min(bytes, instruction_bytes_max * 1ul));
    if (!routine) return std::unexpected(routine.error().reason);
    return std::move(*routine);
  }

  const ObjectFile& file_;
  std::map<std::uint64_t, Routine> routines_;
};

// Whether a function comes back to its caller, as far as its code says.
enum class Returning : std::uint8_t { never, maybe, yes };

// The control flow behind an address.
class Flows {
 public:
  struct Step {
    InstructionEffects effects;
    std::vector<std::uint64_t> next;
  };

  Flows(const ObjectFile& file, const SwitchJumps& switches) : reader_(file), switches_(switches) {}

  std::expected<const Step*, std::string> at(std::uint64_t address) {
    if (const auto known = steps_.find(address); known != steps_.end()) return &known->second;
    if (steps_.size() >= instructions_max) return lost(address, "the function is too large");
    const auto code = reader_.code_at(address);
    if (!code) return lost(address, code.error());
    const auto effects = effects_at(address, *code);
    if (!effects) return lost(address, "not an instruction");
    if (effects->is_beyond) {
      return lost(address,
                  disassembly(address, *code) + ", whose registers are not told apart here");
    }
    Step step{*effects, {}};
    if (effects->flow == Flow::returns) {
      for (const Register kept : {Register::rbx, Register::rbp, Register::r12, Register::r13,
                                  Register::r14, Register::r15}) {
        step.effects.reads |= RegisterParts::of(kept);
      }
    }
    // A call of the next instruction only pushes its address.
    const bool is_push = effects->flow == Flow::call && effects->target == effects->next_address();
    if (is_push) step.effects.flow = Flow::next;
    if (step.effects.flow == Flow::call) {
      step.effects.writes |= RegisterParts::changed_by_calls();
    }
    const bool goes_on = effects->flow != Flow::jump && effects->flow != Flow::returns &&
                         effects->flow != Flow::stops;
    if (goes_on) step.next.push_back(effects->next_address());
    if (effects->flow == Flow::next) falls_from_.emplace(effects->next_address(), address);
    const bool jumps = effects->flow == Flow::jump || effects->flow == Flow::branch;
    if (jumps && effects->target) step.next.push_back(*effects->target);
    if (effects->flow == Flow::jump && !effects->target && !switches_.contains(address)) {
      auto targets = targets_of_table(address, *effects);
      if (targets.empty()) return lost(address, "an indirect jump whose targets are not known");
      step.next = std::move(targets);
    }
    return &steps_.emplace(address, std::move(step)).first->second;
  }

  // Whether the call there returns.
  Returning returning(const Step& call) {
    if (!call.effects.target) return Returning::maybe;
    const std::uint64_t callee = *call.effects.target;
    const auto known = returning_.find(callee);
    return known != returning_.end() ? known->second : returning_[callee] = returning_from(callee);
  }

  std::string text(std::uint64_t address) {
    const auto code = reader_.code_at(address);
    return fmt::format("{}  {}", place_name(reader_.file(), load_address(reader_.file(), address)),
                       code ? disassembly(address, *code) : "");
  }

 private:
  // Every call within the function counts as one that returns, and every switch as one that is
  // switched back to: `never` if even so no return is reached, `yes` if one is reached without
  // them.
  Returning returning_from(std::uint64_t function) {
    std::map<std::uint64_t, bool> seen{
        {function, true}};  // whether reached without a call or switch
    std::deque<std::uint64_t> open{function};
    Returning result = Returning::never;
    while (!open.empty()) {
      const std::uint64_t address = open.front();
      open.pop_front();
      const auto step = at(address);
      if (!step || seen.size() > callee_instructions_max) {
        result = std::max(result, Returning::maybe);
        continue;
      }
      const bool is_direct = seen.at(address);
      const Flow flow = (*step)->effects.flow;
      if (flow == Flow::returns) {
        result = std::max(result, is_direct ? Returning::yes : Returning::maybe);
      }
      std::vector<std::uint64_t> next = (*step)->next;
      const auto jump = switches_.find(address);
      if (jump != switches_.end()) next.push_back(jump->second);
      const bool stays_direct = is_direct && flow != Flow::call && jump == switches_.end();
      for (const std::uint64_t place : next) {
        const auto [entry, is_new] = seen.emplace(place, stays_direct);
        const bool becomes_direct = stays_direct && !entry->second;
        entry->second = entry->second || stays_direct;
        if (is_new || becomes_direct) open.push_back(place);
      }
    }
    return result;
  }

  std::unexpected<std::string> lost(std::uint64_t address, const std::string& reason) const {
    return std::unexpected(fmt::format(
        "at {}: {}", place_name(reader_.file(), load_address(reader_.file(), address)), reason));
  }

  // The straight line that ends in the jump.
  std::vector<Instruction> line_before(std::uint64_t jump) {
    std::vector<Instruction> line;
    for (std::uint64_t at = jump; line.size() < table_distance_max;) {
      const auto before = falls_from_.find(at);
      if (before == falls_from_.end()) break;
      at = before->second;
      const auto code = reader_.code_at(at);
      if (!code) break;
      auto decoded = decode(at, code->first(std::min(code->size(), instruction_bytes_max)));
      if (!decoded) break;
      line.insert(line.begin(), std::move(*decoded));
    }
    return line;
  }

  std::vector<std::uint64_t> targets_of_table(std::uint64_t jump,
                                              const InstructionEffects& effects) {
    const ObjectFile& file = reader_.file();
    const auto function = file.function_holding(jump);
    const auto code = reader_.code_at(jump);
    if (!function || !code) return {};
    const auto decoded = decode(jump, code->first(effects.length));
    const auto table = decoded ? table_of_jump(line_before(jump), *decoded) : std::nullopt;
    if (!table || file.is_writable(table->address) != false) return {};
    JumpTable read = jump_table(file, table->address, function->address,
                                function->address + function->size, table->entries);
    const bool is_whole = read.bytes == table->entries * sizeof(std::int32_t);
    return is_whole ? std::move(read.targets) : std::vector<std::uint64_t>{};
  }

  CodeReader reader_;
  const SwitchJumps& switches_;
  std::map<std::uint64_t, Step> steps_;
  std::map<std::uint64_t, Returning> returning_;
  std::map<std::uint64_t, std::uint64_t>
      falls_from_;  // the instruction before each, if it leads here
};

// The steps behind an instruction, on paths whose calls certainly return, or may return.
std::vector<std::uint64_t> steps_behind(Flows& flows, const Flows::Step& step, Returning least) {
  if (step.effects.flow != Flow::call || flows.returning(step) >= least) return step.next;
  return {};
}

// The shortest path from `address` to an instruction that reads `part`, which none before it writes
// completely.
std::vector<std::uint64_t> path_to(Flows& flows, std::uint64_t address, std::uint64_t read,
                                   const RegisterParts& part, Returning least) {
  std::map<std::uint64_t, std::uint64_t> before{{address, address}};
  std::deque<std::uint64_t> open{address};
  while (!open.empty() && open.front() != read) {
    const std::uint64_t at = open.front();
    open.pop_front();
    const auto step = flows.at(at);
    if (!step || !(part - (*step)->effects.writes).any()) continue;
    for (const std::uint64_t next : steps_behind(flows, **step, least)) {
      if (before.emplace(next, at).second) open.push_back(next);
    }
  }
  std::vector<std::uint64_t> path{read};
  while (path.back() != address && before.contains(path.back())) {
    path.push_back(before.at(path.back()));
  }
  std::ranges::reverse(path);
  return path;
}

LiveRegisters search(Flows& flows, std::uint64_t address, const RegisterParts& known,
                     Returning least) {
  std::map<std::uint64_t, RegisterParts> stale{{address, RegisterParts::all() - known}};
  std::deque<std::uint64_t> open{address};
  std::string lost;
  while (!open.empty()) {
    const std::uint64_t at = open.front();
    open.pop_front();
    const auto step = flows.at(at);
    if (!step) {
      if (lost.empty()) lost = step.error();
      continue;
    }
    const RegisterParts read = ((*step)->effects.reads & stale[at]).first();
    if (read.any()) {
      LiveRegisters refuted{Verdict::refuted, {}, {}};
      refuted.reason = fmt::format("{} is read before it is written", read.first_name());
      for (const std::uint64_t place : path_to(flows, address, at, read, least)) {
        refuted.listing.push_back(flows.text(place));
      }
      return refuted;
    }
    const RegisterParts left = stale[at] - (*step)->effects.writes;
    for (const std::uint64_t next : steps_behind(flows, **step, least)) {
      const auto [entry, is_new] = stale.emplace(next, left);
      const RegisterParts before = entry->second;
      entry->second |= left;
      if (is_new || before != entry->second) open.push_back(next);
    }
  }
  if (!lost.empty()) return {Verdict::unknown, lost, {}};
  return {Verdict::proved, {}, {}};
}

}  // namespace

LiveRegisters live_registers(const ObjectFile& file, std::uint64_t address,
                             const RegisterParts& known, const SwitchJumps& switches) {
  Flows flows(file, switches);
  LiveRegisters certain = search(flows, address, known, Returning::yes);
  if (certain.verdict == Verdict::refuted) return certain;
  LiveRegisters found = search(flows, address, known, Returning::maybe);
  if (found.verdict != Verdict::refuted) return found;
  found.verdict = Verdict::unknown;
  found.reason = fmt::format(
      "{}, at {}, if a call before it returns, and the callee's code is not "
      "in this file",
      found.reason, found.listing.back());
  return found;
}

}  // namespace fiberproof::verify
