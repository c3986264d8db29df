#include "verify/obligation/switch_sites.hpp"

#include "verify/survey/resume_place.hpp"
#include "verify/x86/code_entry.hpp"
#include "verify/x86/instruction.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <variant>

namespace fiberproof::verify {
namespace {

struct Entry {
  std::int32_t start_from_here;
  std::uint32_t bytes;
};

constexpr std::size_t instruction_bytes_max = 15;

std::unexpected<std::string> fail(const ObjectFile& file, const std::string& reason) {
  return std::unexpected(fmt::format("fiberproof: {}: {}", file.path(), reason));
}

std::string place_in(const ObjectFile& file, std::uint64_t address) {
  return place_name(file, load_address(file, address));
}

// A suspended continuation resumes where the site ends. If a trap is there, it never resumes,
// whatever the site has stored.
std::expected<void, std::string> check_end(const ObjectFile& file, const Routine& site) {
  const std::uint64_t end = site.address + site.bytes.size();
  const std::string place = fmt::format("the switch at {}", place_in(file, site.address));
  const auto code = file.stored_code(end);
  if (!code) {
    return fail(file, fmt::format("{} resumes behind its last instruction, and no code is there: "
                                  "{} ({})",
                                  place, code.error().reason, code.error().place));
  }
  const auto next = decode(end, code->first(std::min(code->size(), instruction_bytes_max)));
  if (next ? is_trap(*next) : next.error().length == 0) {
    return fail(file,
                fmt::format("{} ends at {}, where no code resumes ({}): give its extent up "
                            "to where it resumes, NAME+OFFSET:BYTES",
                            place, place_in(file, end), next ? next->text : "not an instruction"));
  }
  return {};
}

// Control enters a switch at its first byte; code before it must reach that byte, not the middle of
// it.
std::expected<void, std::string> check_begin(const ObjectFile& file, const Routine& site) {
  const auto function = file.function_holding(site.address);
  if (function && !is_between_instructions(file, function->address, site.address)) {
    return fail(file, fmt::format("the switch at {} begins within an instruction",
                                  place_in(file, site.address)));
  }
  return {};
}

std::expected<void, std::string> check_apart(const ObjectFile& file,
                                             const std::vector<Routine>& sites) {
  std::vector<std::uint64_t> begins;
  for (const Routine& site : sites) begins.push_back(site.address);
  std::ranges::sort(begins);
  const auto overlap =
      std::ranges::adjacent_find(begins, [&](std::uint64_t one, std::uint64_t two) {
        return two != one && two - one < sites.front().bytes.size();
      });
  if (overlap == begins.end()) return {};
  return fail(file, fmt::format("the switch at {} overlaps the next one in the table",
                                place_in(file, *overlap)));
}

// A function from its first byte up to its first indirect jump, and the facts that it states
// itself.
struct Switch {
  std::uint64_t behind_jump;
  std::vector<std::uint64_t> stored;  // addresses that it computes
};

std::expected<Switch, std::string> first_jump(const ObjectFile& file, const Routine& routine) {
  const std::span<const std::byte> code = routine.bytes;
  Switch found{};
  for (std::size_t at = 0; at < code.size();) {
    const auto decoded = decode(routine.address + at, code.subspan(at));
    if (!decoded) return fail(file, message(decoded.error()));
    at += decoded->length;
    for (const std::uint64_t made : addresses_made_by(*decoded)) found.stored.push_back(made);
    if (decoded->operation == Operation::jmp &&
        !std::holds_alternative<Immediate>(decoded->operands[0])) {
      found.behind_jump = decoded->next_address();
      return found;
    }
  }
  return fail(file, fmt::format("no indirect jump ends the switch (symbol {})", routine.symbol));
}

}  // namespace

std::expected<std::vector<Routine>, std::string> switch_sites(const ObjectFile& file,
                                                              std::string_view section) {
  const auto table = file.section(section);
  if (!table) return std::unexpected(message(table.error()));
  if (table->bytes.empty() || table->bytes.size() % sizeof(Entry) != 0) {
    return std::unexpected(fmt::format("fiberproof: {}: section {} has {} bytes, not whole entries",
                                       file.path(), section, table->bytes.size()));
  }
  std::vector<Routine> sites;
  for (std::size_t offset = 0; offset < table->bytes.size(); offset += sizeof(Entry)) {
    Entry entry{};
    std::memcpy(&entry, table->bytes.data() + offset, sizeof entry);
    const std::uint64_t address =
        table->address + offset + static_cast<std::uint64_t>(std::int64_t{entry.start_from_here});
    if (entry.bytes == 0) {
      return fail(file, fmt::format("a switch in the table {} has no bytes", section));
    }
    auto site = file.code("stack_switch", address, entry.bytes);
    if (!site) return std::unexpected(message(site.error()));
    sites.push_back(std::move(*site));
  }
  return sites;
}

std::expected<Routine, std::string> proved_switch_site(const ObjectFile& file,
                                                       std::string_view section) {
  auto sites = switch_sites(file, section);
  if (!sites) return std::unexpected(sites.error());
  for (const Routine& site : *sites) {
    if (site.bytes != sites->front().bytes) {
      return std::unexpected(
          fmt::format("fiberproof: {}: the switch at {:#x} differs from the one at {:#x}",
                      file.path(), site.address, sites->front().address));
    }
  }
  for (const std::uint64_t address : file.occurrences_in_code(sites->front().bytes)) {
    if (std::ranges::find(*sites, address, &Routine::address) == sites->end()) {
      return std::unexpected(
          fmt::format("fiberproof: {}: the switch at {:#x} is not in the table {}", file.path(),
                      address, section));
    }
  }
  if (const auto apart = check_apart(file, *sites); !apart) return std::unexpected(apart.error());
  for (const Routine& site : *sites) {
    for (const auto& checked : {check_begin(file, site), check_end(file, site)}) {
      if (!checked) return std::unexpected(checked.error());
    }
  }
  return std::move(sites->front());
}

std::expected<Routine, std::string> switch_site_at(const ObjectFile& file, const CodePlace& place) {
  auto routine = routine_at(file, place);
  if (!routine) return routine;
  if (!place.bytes) {
    const auto jump = first_jump(file, *routine);
    if (!jump) return std::unexpected(jump.error());
    const auto places = places_behind(routine->address, routine->bytes, jump->behind_jump);
    const std::uint64_t end = resume_place(places, jump->stored);
    for (const std::uint64_t stored : jump->stored) {
      if (stored > places.back() && stored - routine->address <= routine->bytes.size() &&
          is_between_instructions(file, places.back(), stored)) {
        return fail(
            file, fmt::format("the switch stores {} as its resume address, which is not right "
                              "behind its jump: give its extent, {}+0:{}",
                              place_in(file, stored), routine->symbol, stored - routine->address));
      }
    }
    const std::uint64_t bytes = end - routine->address;
    routine->bytes.resize(bytes);
    std::erase_if(routine->relocated,
                  [bytes](const RelocatedField& field) { return field.offset >= bytes; });
  }
  if (const auto checked = check_end(file, *routine); !checked) {
    return std::unexpected(checked.error());
  }
  return routine;
}

}  // namespace fiberproof::verify
