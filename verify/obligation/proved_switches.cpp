#include "verify/obligation/proved_switches.hpp"

#include "verify/obligation/contract_code.hpp"
#include "verify/obligation/switch_sites.hpp"
#include "verify/survey/live_registers.hpp"
#include "verify/survey/survey.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
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
  return FoundSwitch{std::move(site), shape.load, shape.store, shape.missing};
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

// A function that is named as a switch may have more of them behind the first.
void add_others_of_function(const ObjectFile& file, std::uint64_t behind, Survey& found) {
  const auto function = file.function_holding(behind);
  if (!function) return;
  for (FoundSwitch& one : survey(file).switches) {
    const bool is_behind =
        one.code.address >= behind && one.code.address < function->address + function->size;
    if (is_behind) found.switches.push_back(std::move(one));
  }
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

}  // namespace

std::expected<SwitchesOfFile, std::string> switches_of(const Contract& contract,
                                                       const ObjectFile& file,
                                                       const ProverOptions& options) {
  const auto run = std::ranges::find(contract.runs, Run::Source::sites, &Run::source);
  const std::string& section = run->symbol;
  const CodePlace* const place = place_of(section, options);
  SwitchesOfFile made;
  Survey found;
  if (place != nullptr) {
    auto site = switch_site_at(file, *place);
    if (!site) return std::unexpected(site.error());
    auto read = read_switch(file, std::move(*site));
    if (!read) return std::unexpected(read.error());
    const std::uint64_t end = read->end();
    found.switches.push_back(std::move(*read));
    if (!place->bytes) add_others_of_function(file, end, found);
  } else {
    found = options.survey == nullptr ? survey(file) : *options.survey;
    tell_search(file, found, made.told);
    if (options.survey == nullptr) {
      const auto sites = switch_sites(file, section);
      if (!sites) return std::unexpected(sites.error());
      if (const auto checked = check_table(file, section, *sites, found); !checked) {
        return std::unexpected(checked.error());
      }
      found.switches.clear();
      for (const Routine& site : *sites) {
        auto read = read_switch(file, site);
        if (!read) return std::unexpected(read.error());
        found.switches.push_back(std::move(*read));
      }
    }
  }
  if (found.switches.empty()) return fail(file, "no switch was found in its code");
  for (const auto& alike : found.alike()) {
    const FoundSwitch& first = *alike.front();
    SwitchKind kind{first.code, {first.load, first.store}, {}};
    kind.is_entered_within = first.is_entered_within;
    // A site of a table, or of a place that was given, has its name already.
    if (options.survey != nullptr || made.kinds.size() > 0) {
      kind.code.symbol = fmt::format("switch at {}", place_in(file, first.code.address));
    }
    for (const FoundSwitch* one : alike) kind.ends.push_back(one->end());
    made.told.kinds.push_back(fmt::format("{} with load {} and store {}, the first at {}",
                                          alike.size(), text_of(first.load), text_of(first.store),
                                          place_in(file, first.code.address)));
    made.kinds.push_back(std::move(kind));
  }
  for (const FoundSwitch& one : found.switches) {
    made.jumps.emplace(jump_of(one), one.end());
  }
  made.told.switches = found.switches.size();
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
          told.listing = found.listing;
          return told;
        });
      }
    }
  }
}

}  // namespace fiberproof::verify
