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

namespace fiberproof::verify {
namespace {

using Flow = InstructionEffects::Flow;

constexpr std::size_t instructions_max = 200'000;
constexpr std::size_t callee_instructions_max = 2'000;
constexpr std::size_t table_distance_max = 8;  // instructions from making the address to the jump
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
    bool is_last = false;  // of its function
  };

  Flows(const ObjectFile& file, const std::set<std::uint64_t>& switches)
      : reader_(file), switches_(switches) {}

  std::expected<const Step*, std::string> at(std::uint64_t address) {
    if (const auto known = steps_.find(address); known != steps_.end()) return &known->second;
    if (steps_.size() >= instructions_max) return lost(address, "the function is too large");
    const auto code = reader_.code_at(address);
    if (!code) return lost(address, code.error());
    const auto effects = effects_at(address, *code);
    if (!effects) return lost(address, "not an instruction");
    Step step{*effects, {}};
    if (effects->flow == Flow::returns) {
      for (const Register kept : {Register::rbx, Register::rbp, Register::r12, Register::r13,
                                  Register::r14, Register::r15}) {
        step.effects.reads |= RegisterParts::of(kept);
      }
    }
    if (effects->flow == Flow::call) step.effects.writes |= RegisterParts::changed_by_calls();
    const bool goes_on = effects->flow != Flow::jump && effects->flow != Flow::returns &&
                         effects->flow != Flow::stops;
    if (goes_on) step.next.push_back(effects->next_address());
    step.is_last = code->size() == effects->length;
    if (effects->flow == Flow::next) falls_from_.emplace(effects->next_address(), address);
    const bool jumps = effects->flow == Flow::jump || effects->flow == Flow::branch;
    if (jumps && effects->target) step.next.push_back(*effects->target);
    if (effects->flow == Flow::jump && !effects->target && !switches_.contains(address)) {
      auto targets = targets_of_table(address);
      if (targets.empty()) return lost(address, "an indirect jump whose targets are not known");
      step.next = std::move(targets);
    }
    return &steps_.emplace(address, std::move(step)).first->second;
  }

  // Whether the call there returns. A call that is the last instruction of its function does not.
  Returning returning(const Step& call) {
    if (call.is_last) return Returning::never;
    return call.effects.target ? returning_from(*call.effects.target) : Returning::maybe;
  }

  std::string text(std::uint64_t address) {
    const auto code = reader_.code_at(address);
    return fmt::format("{}  {}", place_name(reader_.file(), load_address(reader_.file(), address)),
                       code ? disassembly(address, *code) : "");
  }

 private:
  Returning returning_from(std::uint64_t function) {
    const auto [known, is_new] = returning_.emplace(function, Returning::never);
    if (!is_new) return known->second;  // also while it is decided: a recursion adds no return
    std::set<std::uint64_t> seen{function};
    std::deque<std::uint64_t> open{function};
    Returning result = Returning::never;
    while (!open.empty() && result != Returning::yes) {
      const auto step = at(open.front());
      open.pop_front();
      if (!step || seen.size() > callee_instructions_max) {
        result = Returning::maybe;
        continue;
      }
      const Flow flow = (*step)->effects.flow;
      if (flow == Flow::returns) result = Returning::yes;
      const Returning inner = flow == Flow::call ? returning(**step) : Returning::yes;
      if (inner == Returning::maybe) result = std::max(result, Returning::maybe);
      if (inner != Returning::yes) continue;
      for (const std::uint64_t next : (*step)->next) {
        if (seen.insert(next).second) open.push_back(next);
      }
    }
    return returning_[function] = result;
  }

  std::unexpected<std::string> lost(std::uint64_t address, const std::string& reason) const {
    return std::unexpected(fmt::format(
        "at {}: {}", place_name(reader_.file(), load_address(reader_.file(), address)), reason));
  }

  // The address that a `lea` in the straight line before the jump makes.
  std::optional<std::uint64_t> table_before(std::uint64_t jump) {
    std::uint64_t at = jump;
    for (std::size_t back = 0; back < table_distance_max; ++back) {
      const auto before = falls_from_.find(at);
      if (before == falls_from_.end()) return std::nullopt;
      at = before->second;
      const auto code = reader_.code_at(at);
      if (!code) return std::nullopt;
      const auto decoded = decode(at, code->first(std::min(code->size(), instruction_bytes_max)));
      const bool makes_address = decoded && decoded->operation == Operation::lea;
      if (makes_address && decoded->relative) return decoded->relative->target;
    }
    return std::nullopt;
  }

  std::vector<std::uint64_t> targets_of_table(std::uint64_t jump) {
    const ObjectFile& file = reader_.file();
    const auto function = file.function_holding(jump);
    const auto table = function ? table_before(jump) : std::nullopt;
    if (!table) return {};
    return jump_table(file, *table, function->address, function->address + function->size).targets;
  }

  CodeReader reader_;
  const std::set<std::uint64_t>& switches_;
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
                             const RegisterParts& known, const std::set<std::uint64_t>& switches) {
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
