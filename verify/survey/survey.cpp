#include "verify/survey/survey.hpp"

#include "verify/survey/code_pieces.hpp"
#include "verify/survey/jump_table.hpp"
#include "verify/survey/resume_place.hpp"
#include "verify/x86/instruction_effects.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::size_t run_max = 24;  // instructions before a jump that may belong to a switch
constexpr std::size_t trampoline_bytes_max = 256;

bool ends_a_run(const Instruction& instruction) {
  switch (instruction.operation) {
    case Operation::jmp:
    case Operation::jcc:
    case Operation::call:
    case Operation::ret:
    case Operation::ud2:
    case Operation::int3: return true;
    default: return false;
  }
}

// Searches one piece: quickly for indirect jumps, and closely before each of them.
class PieceSearch {
 public:
  PieceSearch(const ObjectFile& file, const CodePiece& piece, Survey& found)
      : file_(file), piece_(piece), found_(found) {}

  void run() {
    for (std::size_t at = 0; at < piece_.bytes.size();) {
      const Glance seen = glance(piece_.bytes.subspan(at));
      if (seen.length == 0) {
        ++found_.bytes_unread;
        ++at;
        starts_.clear();
        continue;
      }
      starts_.push_back(at);
      if (seen.target) found_.branch_targets.push_back(piece_.address + at + *seen.target);
      const bool leaves_by_rbp = seen.takes_rbp && has_another_rbp_;
      if (seen.sets_rsp || leaves_by_rbp) sets_rsp_.push_back(at);
      if (seen.rbp != Glance::Rbp::unchanged) {
        has_another_rbp_ = seen.rbp == Glance::Rbp::of_another_word;
      }
      at += seen.length;
      if (seen.is_indirect_jump) {
        has_another_rbp_ = false;
        jump_before(at);
        const std::size_t table = table_behind(at);
        found_.bytes_unread += table;
        at += table;
      }
    }
    found_.bytes += piece_.bytes.size();
    for (const std::size_t at : sets_rsp_) {
      miss(at, fmt::format("{} changes the stack, and no jump to another one follows",
                           disassembly(piece_.address + at, piece_.bytes.subspan(at))));
    }
  }

 private:
  void miss(std::size_t at, std::string reason) {
    found_.near_misses.push_back({piece_.address + at, std::move(reason)});
  }

  // The bytes of a jump table right behind the jump that ends at `end`, where a `lea` before the
  // jump has made its address.
  std::size_t table_behind(std::size_t end) const {
    constexpr std::size_t distance_max = 8;  // instructions from making the address to the jump
    const std::uint64_t table = piece_.address + end;
    for (std::size_t back = 1; back <= std::min(starts_.size(), distance_max); ++back) {
      const std::size_t start = starts_[starts_.size() - back];
      const auto decoded = decode(piece_.address + start, piece_.bytes.subspan(start, end - start));
      const bool makes_address = decoded && decoded->operation == Operation::lea;
      if (makes_address && decoded->relative && decoded->relative->target == table) {
        return jump_table(file_, table, piece_.address, piece_.end()).bytes;
      }
    }
    return 0;
  }

  // Straight-line code up to the jump that ends at `end`, relocated as it will run.
  std::expected<std::vector<Instruction>, std::string> run_before(std::size_t end) const {
    const std::size_t first = starts_[starts_.size() - std::min(starts_.size(), run_max)];
    const auto code = file_.code("switch", piece_.address + first, end - first);
    if (!code) return std::unexpected(code.error().reason);
    std::vector<Instruction> run;
    for (const std::size_t start : starts_) {
      if (start < first) continue;
      auto decoded = decode(piece_.address + start, std::span(code->bytes).subspan(start - first));
      const bool is_last = start == starts_.back();
      if (!decoded && is_last) return std::unexpected(message(decoded.error()));
      if (!decoded || (ends_a_run(*decoded) && !is_last)) {
        run.clear();
      } else {
        run.push_back(std::move(*decoded));
      }
    }
    return run;
  }

  void jump_before(std::size_t end) {
    const std::size_t jump = starts_.back();
    const auto run = run_before(end);
    if (!run) return miss(jump, "an indirect jump that cannot be read: " + run.error());
    const SwitchShape shape = shape_of(*run);
    const std::size_t begin = (*run)[run->size() - shape.instructions].address - piece_.address;
    // The rest may be before a branch, on each of its ways.
    const bool may_begin_before = !shape.missing.empty() && shape.instructions == run->size();
    if (!shape.is_switch() && !shape.is_near_miss()) {
      ++found_.other_jumps;
      return;
    }
    std::erase_if(sets_rsp_, [begin](std::size_t at) { return at >= begin; });
    if (shape.is_switch() && !may_begin_before) return take(begin, resume_behind(*run, end), shape);
    const bool ends_a_trampoline = shape.loads == 3 && shape.stores == 0 && shape.loads_agree &&
                                   shape.load.base == Register::rbp;
    if (ends_a_trampoline && note_trampoline(begin, end)) return;
    miss(jump,
         fmt::format("an indirect jump to another stack: {}", fmt::join(shape.missing, ", ")));
  }

  // The end of the switch whose jump ends at `end`.
  std::size_t resume_behind(const std::vector<Instruction>& run, std::size_t end) const {
    std::vector<std::uint64_t> made;
    for (const Instruction& instruction : run) {
      for (const std::uint64_t address : addresses_made_by(instruction)) made.push_back(address);
    }
    // A stack that must never resume may say so with a trap right there.
    if (std::ranges::find(made, piece_.address + end) != made.end()) return end;
    const auto places = places_behind(piece_.address, piece_.bytes, piece_.address + end);
    return resume_place(places, made) - piece_.address;
  }

  void take(std::size_t begin, std::size_t end, const SwitchShape& shape) {
    auto code = file_.code("switch", piece_.address + begin, end - begin);
    if (!code) return miss(begin, code.error().reason);
    found_.switches.push_back(switch_of(std::move(*code), shape));
  }

  // The end of an entry trampoline resumes the parent where a call has returned; the trampoline
  // begins where its function does, or behind what came before that call.
  bool note_trampoline(std::size_t begin, std::size_t end) {
    std::size_t behind_leaving = 0;
    std::optional<std::size_t> from;
    for (std::size_t at = 0; at < begin;) {
      const auto effects = effects_at(piece_.address + at, piece_.bytes.subspan(at));
      if (!effects) return false;
      at += effects->length;
      using Flow = InstructionEffects::Flow;
      const bool leaves = effects->flow == Flow::jump || effects->flow == Flow::returns ||
                          effects->flow == Flow::stops;
      if (leaves) behind_leaving = at;
      if (effects->flow == Flow::call && effects->target) from = behind_leaving;
    }
    while (from && is_padding(*from)) *from += glance(piece_.bytes.subspan(*from)).length;
    if (!from || end - *from > trampoline_bytes_max) return false;
    found_.trampolines.push_back({piece_.address + *from, end - *from});
    return true;
  }

  bool is_padding(std::size_t at) const {
    const auto decoded = decode(piece_.address + at, piece_.bytes.subspan(at));
    return decoded &&
           (decoded->operation == Operation::nop || decoded->operation == Operation::int3);
  }

  const ObjectFile& file_;
  const CodePiece& piece_;
  Survey& found_;
  std::vector<std::size_t> starts_;    // of the instructions so far
  bool has_another_rbp_ = false;       // it was loaded, in the order of the bytes
  std::vector<std::size_t> sets_rsp_;  // not yet part of a switch
};

}  // namespace

bool Survey::is_entered_within(const FoundSwitch& found) const {
  const auto within = std::ranges::upper_bound(branch_targets, found.code.address);
  return within != branch_targets.end() && *within < found.end();
}

FoundSwitch switch_of(Routine code, const SwitchShape& shape) {
  FoundSwitch made{std::move(code), shape.load, shape.store};
  for (std::uint64_t at = made.code.address; at < made.end();) {
    const auto decoded = decode(at, std::span(made.code.bytes).subspan(at - made.code.address));
    if (!decoded) break;
    const bool is_outside = decoded->relative && (decoded->relative->target < made.code.address ||
                                                  decoded->relative->target > made.end());
    made.is_bound_to_its_place = made.is_bound_to_its_place || is_outside;
    at += decoded->length;
  }
  return made;
}

std::vector<std::vector<const FoundSwitch*>> alike(const std::vector<FoundSwitch>& switches,
                                                   const Survey& found) {
  std::vector<std::vector<const FoundSwitch*>> lists;
  const auto are_alike = [&found](const FoundSwitch& one, const FoundSwitch& other) {
    return one.code.bytes == other.code.bytes && one.load == other.load &&
           one.store == other.store && !one.is_bound_to_its_place &&
           found.is_entered_within(one) == found.is_entered_within(other);
  };
  for (const FoundSwitch& one : switches) {
    const auto same = std::ranges::find_if(
        lists, [&](const auto& list) { return are_alike(one, *list.front()); });
    if (same == lists.end()) {
      lists.push_back({&one});
    } else {
      same->push_back(&one);
    }
  }
  std::ranges::sort(lists, [](const auto& one, const auto& other) {
    return one.size() != other.size() ? one.size() > other.size()
                                      : one.front()->code.address < other.front()->code.address;
  });
  return lists;
}

Survey survey(const ObjectFile& file) {
  Survey found;
  for (const CodePiece& piece : code_pieces(file)) PieceSearch(file, piece, found).run();
  std::ranges::sort(found.branch_targets);
  return found;
}

std::string place_text(const ObjectFile& file, const FoundTrampoline& trampoline) {
  const auto function = file.function_holding(trampoline.address);
  if (!function) return fmt::format("{:#x}:{}", trampoline.address, trampoline.bytes);
  const std::uint64_t offset = trampoline.address - function->address;
  if (offset == 0 && function->size == trampoline.bytes) return std::string(function->name);
  return fmt::format("{}+{:#x}:{}", function->name, offset, trampoline.bytes);
}

}  // namespace fiberproof::verify
