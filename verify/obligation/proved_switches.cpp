#include "verify/obligation/proved_switches.hpp"

#include "verify/obligation/contract_code.hpp"
#include "verify/obligation/switch_sites.hpp"
#include "verify/survey/live_registers.hpp"
#include "verify/survey/survey.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

template <class T>
using Result = std::expected<T, std::string>;

std::string place_in(const ObjectFile& file, std::uint64_t address) {
  return place_name(file, load_address(file, address));
}

std::unexpected<std::string> fail(const ObjectFile& file, const std::string& reason) {
  return std::unexpected(fmt::format("fiberproof: {}: {}", file.path(), reason));
}

// A switch at a place that somebody names is straight-line code from its first byte.
Result<FoundSwitch> read_switch(const ObjectFile& file, Routine site) {
  std::vector<Instruction> run;
  for (std::size_t at = 0; at < site.bytes.size();) {
    auto decoded = decode(site.address + at, std::span(site.bytes).subspan(at));
    if (!decoded) return fail(file, message(decoded.error()));
    at += decoded->length;
    run.push_back(std::move(*decoded));
    if (run.back().operation == Operation::jmp) break;
  }
  if (run.empty() || run.back().operation != Operation::jmp || run.back().operands.empty() ||
      std::holds_alternative<Immediate>(run.back().operands[0])) {
    return fail(
        file, fmt::format("no indirect jump ends the switch at {}", place_in(file, site.address)));
  }
  const SwitchShape shape = shape_of(run);
  if (!shape.is_switch()) {
    return fail(file, fmt::format("the code at {} is no switch: {}", place_in(file, site.address),
                                  fmt::join(shape.missing, ", ")));
  }
  return switch_of(std::move(site), shape);
}

Result<void> check_table(const ObjectFile& file, const std::string& section,
                         const std::vector<Routine>& sites, const Survey& found) {
  for (const FoundSwitch& one : found.switches) {
    const bool is_listed = std::ranges::any_of(sites, [&one](const Routine& site) {
      return site.address <= one.code.address &&
             one.code.address - site.address < site.bytes.size();
    });
    if (!is_listed) {
      return fail(file, fmt::format("the switch at {} is not in the table {}",
                                    place_in(file, one.code.address), section));
    }
  }
  return {};
}

// The address of the jump: what follows it, up to where the stack resumes, is padding.
std::uint64_t jump_of(const FoundSwitch& found) {
  std::uint64_t at = found.code.address;
  while (at < found.end()) {
    const auto decoded = decode(at, std::span(found.code.bytes).subspan(at - found.code.address));
    if (decoded && decoded->operation == Operation::jmp) return at;
    at += decoded ? decoded->length : std::max<std::uint8_t>(1, decoded.error().length);
  }
  return found.code.address;
}

void tell_search(const ObjectFile& file, const Survey& found, ProvedSwitches& told) {
  told.bytes = found.bytes;
  told.bytes_unread = found.bytes_unread;
  told.other_jumps = found.other_jumps;
  for (const NearMiss& miss : found.near_misses) {
    told.misses.push_back(fmt::format("{}: {}", place_in(file, miss.address), miss.reason));
  }
  for (const FoundTrampoline& one : found.trampolines) {
    told.trampolines.push_back(place_text(file, one));
  }
}

// The switch at a place that was given. A function that is named may have more of them behind the
// first.
Result<std::vector<FoundSwitch>> switches_at(const ObjectFile& file, const CodePlace& place,
                                             const Survey& found) {
  auto site = switch_site_at(file, place);
  if (!site) return std::unexpected(site.error());
  auto first = read_switch(file, std::move(*site));
  if (!first) return std::unexpected(first.error());
  const std::uint64_t behind = first->end();
  std::vector<FoundSwitch> switches{std::move(*first)};
  const auto function = place.bytes ? std::nullopt : file.function_holding(behind);
  if (!function) return switches;
  for (const FoundSwitch& one : found.switches) {
    const bool is_behind =
        one.code.address >= behind && one.code.address < function->address + function->size;
    if (is_behind) switches.push_back(one);
  }
  return switches;
}

Result<std::vector<FoundSwitch>> switches_of_table(const ObjectFile& file,
                                                   const std::string& section,
                                                   const Survey& found) {
  const auto sites = switch_sites(file, section);
  if (!sites) return std::unexpected(sites.error());
  if (const auto checked = check_table(file, section, *sites, found); !checked) {
    return std::unexpected(checked.error());
  }
  std::vector<FoundSwitch> switches;
  for (const Routine& site : *sites) {
    auto read = read_switch(file, site);
    if (!read) return std::unexpected(read.error());
    switches.push_back(std::move(*read));
  }
  return switches;
}

SwitchKind kind_of(const std::vector<const FoundSwitch*>& alike, const Survey& found) {
  const FoundSwitch& first = *alike.front();
  SwitchKind kind{first.code, {first.load, first.store}, {}, found.is_entered_within(first)};
  for (const FoundSwitch* one : alike) kind.ends.push_back(one->end());
  return kind;
}

}  // namespace

std::expected<SwitchesOfFile, std::string> switches_of(const Contract& contract,
                                                       const ObjectFile& file,
                                                       const ProverOptions& options) {
  const auto run = std::ranges::find(contract.runs, Run::Source::sites, &Run::source);
  const CodePlace* const place = place_of(run->symbol, options);
  std::optional<Survey> own;
  const Survey& found = options.survey != nullptr ? *options.survey : own.emplace(survey(file));
  const auto switches = place != nullptr ? switches_at(file, *place, found)
                        : options.proves_found_switches
                            ? Result<std::vector<FoundSwitch>>(found.switches)
                            : switches_of_table(file, run->symbol, found);
  if (!switches) return std::unexpected(switches.error());
  if (switches->empty()) return fail(file, "no switch was found in its code");
  SwitchesOfFile made;
  if (place == nullptr) tell_search(file, found, made.told);
  for (const auto& same : alike(*switches, found)) {
    SwitchKind kind = kind_of(same, found);
    const FoundSwitch& first = *same.front();
    const std::string at = place_in(file, first.code.address);
    // A site of a table, or of a place that was given, has its name already.
    if (options.proves_found_switches || !made.kinds.empty()) {
      kind.code.symbol = fmt::format("switch at {}", at);
    }
    made.told.kinds.push_back(fmt::format("{} with load {} and store {}, the first at {}",
                                          same.size(), text_of(first.load), text_of(first.store),
                                          at));
    made.kinds.push_back(std::move(kind));
  }
  for (const FoundSwitch& one : *switches) made.jumps.emplace(jump_of(one), one.end());
  made.told.switches = switches->size();
  made.told.different = made.kinds.size();
  return made;
}

void prove_live(const Contract& contract, const ObjectFile& file, const SwitchesOfFile& switches,
                Ledger& ledger) {
  for (const LiveDeclaration& live : contract.live) {
    Theorem& theorem =
        ledger.claim(fmt::format("{}/{}.{}", contract.name, live.spec_id, live.label), live.spec_id,
                     Subject::bytes);
    RegisterParts known;
    for (const std::string& name : live.registers) known |= RegisterParts::named(name);
    for (const SwitchKind& kind : switches.kinds) {
      for (const std::uint64_t end : kind.ends) {
        const LiveRegisters found = live_registers(file, end, known, switches.jumps);
        const std::string place =
            fmt::format("behind the switch that ends at {}", place_in(file, end));
        const Answer answer{found.verdict, {}, fmt::format("{}: {}", place, found.reason), {}};
        ledger.decide(theorem, {{}, truth(true)}, answer, [&](const Query&, const Answer&) {
          Refutation told;
          told.claim = fmt::format("no register but {} is read before it is written", live.text);
          told.found = found.reason;
          told.where = place;
          for (const std::string& line : found.listing) told.listing.push_back({.text = line});
          return told;
        });
      }
    }
  }
}

}  // namespace fiberproof::verify
