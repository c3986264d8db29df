#include "fuzz/machine_code_coverage/routines.hpp"

#include "core/caller_frame.hpp"
#include "core/continuation_start.hpp"
#include "core/initialize.hpp"
#include "core/machine_code.hpp"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::fuzz {
namespace {

using Code = std::span<const std::byte>;

std::uint64_t address_of(const std::byte* byte) {
  return std::bit_cast<std::uint64_t>(byte);
}

/// A nop between two instructions aligns the second, and is jumped over.
bool is_unreachable(ZydisMnemonic mnemonic) {
  return mnemonic == ZYDIS_MNEMONIC_UD2 || mnemonic == ZYDIS_MNEMONIC_NOP;
}

/// Nothing where a byte belongs to no instruction.
std::optional<std::vector<Instruction>> decode(Code code) {
  std::vector<Instruction> instructions;
  std::size_t offset = 0;
  while (offset < code.size()) {
    ZydisDisassembledInstruction decoded;
    const std::byte* const at = code.data() + offset;
    if (!ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, address_of(at), at,
                                            code.size() - offset, &decoded))) {
      return std::nullopt;
    }
    instructions.push_back({offset, decoded.text, is_unreachable(decoded.info.mnemonic)});
    offset += decoded.info.length;
  }
  return instructions;
}

/// Leaves out what the assembler and the linker filled up with, up to the next routine.
void drop_padding(std::vector<Instruction>& instructions) {
  while (!instructions.empty() && (instructions.back().text.starts_with("nop") ||
                                   instructions.back().text.starts_with("int3"))) {
    instructions.pop_back();
  }
}

struct Start {
  const char* name;
  std::uint64_t address;
  bool is_required;
};

/// Each goes up to the next one, in the order of their addresses.
bool add_routines(std::vector<Routine>& routines) {
  std::array starts{
      Start{"caller_frame", std::bit_cast<std::uint64_t>(&caller_frame), true},
      Start{"initialize", std::bit_cast<std::uint64_t>(&initialize), false},
      Start{"continuation_start", std::bit_cast<std::uint64_t>(&continuation_start), true},
      Start{"continuation_start_v44", std::bit_cast<std::uint64_t>(&continuation_start_v44), true}};
  std::ranges::sort(starts, {}, &Start::address);
  const Code all = routine_bytes();
  const std::uint64_t first = address_of(all.data());
  for (std::size_t index = 0; index < starts.size(); ++index) {
    const Start& start = starts[index];
    const std::uint64_t stop =
        index + 1 < starts.size() ? starts[index + 1].address : first + all.size();
    if (start.address < first || stop > first + all.size()) {
      return false;
    }
    auto instructions = decode(all.subspan(start.address - first, stop - start.address));
    if (!instructions) {
      return false;
    }
    drop_padding(*instructions);
    routines.push_back({start.name, std::move(*instructions), {start.address}, start.is_required});
  }
  return true;
}

bool add_switch(std::vector<Routine>& routines) {
  const std::vector<Code> sites = switch_site_bytes();
  auto instructions = sites.empty() ? std::nullopt : decode(sites.front());
  if (!instructions) {
    return false;
  }
  Routine routine{"stack_switch", std::move(*instructions), {}, true};
  for (const Code& site : sites) {
    if (!std::ranges::equal(site, sites.front())) {
      return false;
    }
    routine.places.push_back(address_of(site.data()));
  }
  routines.push_back(std::move(routine));
  return true;
}

}  // namespace

std::vector<Routine> machine_code_routines() {
  std::vector<Routine> routines;
  if (!add_routines(routines) || !add_switch(routines)) {
    routines.clear();
  }
  return routines;
}

}  // namespace fiberproof::fuzz
