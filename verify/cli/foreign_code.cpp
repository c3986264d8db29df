#include "verify/cli/foreign_code.hpp"

#include "verify/cli/wording.hpp"
#include "verify/object/symbol_search.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::string_view searched = "*";

using Symbols = std::array<std::string_view, all_trampolines.size()>;

struct Role {
  std::string_view name;
  Symbols symbols;  // of each trampoline
};

// The same symbol for each trampoline.
constexpr Symbols each(std::string_view symbol) {
  Symbols symbols;
  symbols.fill(symbol);
  return symbols;
}

constexpr std::array roles{
    Role{"start",
         {"fiberproof_continuation_start", "fiberproof_continuation_start_v44",
          "fiberproof_continuation_start_trap_asan"}},
    Role{"fiber_start",
         {"fiberproof_fiber_start", "fiberproof_fiber_start_v44", "fiberproof_fiber_start"}},
    Role{"fiber_exit", each("fiberproof_fiber_exit")},
    Role{"switch", each("fiberproof_switch_sites")},
    Role{"initialize", each("fiberproof_initialize")},
    Role{"check_failed", each("fiberproof_check_failed")},
};

std::string_view symbol_in(const Role& role, Trampoline trampoline) {
  return role.symbols[static_cast<std::size_t>(trampoline)];
}

const Role* role_named(std::string_view name) {
  const auto* const found = std::ranges::find(roles, name, &Role::name);
  return found == roles.end() ? nullptr : found;
}

const Role* role_of_symbol(std::string_view symbol) {
  const auto* const found = std::ranges::find_if(roles, [symbol](const Role& role) {
    return std::ranges::find(role.symbols, symbol) != role.symbols.end();
  });
  return found == roles.end() ? nullptr : found;
}

std::string_view role_or_symbol(std::string_view symbol) {
  const Role* const role = role_of_symbol(symbol);
  return role == nullptr ? symbol : role->name;
}

constexpr std::array<std::string_view, 2> roles_that_start_calls{"fiber_start", "fiber_exit"};

// Whether the trampoline calls it: then it need not be named.
bool is_called_by_start(std::string_view symbol) {
  return std::ranges::find(roles_that_start_calls, role_or_symbol(symbol)) !=
         roles_that_start_calls.end();
}

// Code that a contract runs, starts behind, or calls.
std::set<std::string, std::less<>> symbols_of(const Contract& contract) {
  std::set<std::string, std::less<>> symbols;
  for (const Run& run : contract.runs) {
    symbols.insert(run.symbol);
    if (!run.after.empty()) symbols.insert(run.after);
  }
  for (const CallDeclaration& call : contract.calls) {
    if (is_named(call)) symbols.insert(call.symbol);
  }
  return symbols;
}

// Variables of the file that a contract's regions are.
std::set<std::string, std::less<>> variables_of(const Contract& contract) {
  std::set<std::string, std::less<>> symbols;
  for (const RegionDeclaration& region : contract.regions) {
    if (!region.symbol.empty()) symbols.insert(region.symbol);
  }
  return symbols;
}

}  // namespace

std::string_view name_of(Trampoline trampoline) {
  constexpr std::array<std::string_view, all_trampolines.size()> names{"trap", "v44", "trap-asan"};
  return names[static_cast<std::size_t>(trampoline)];
}

std::optional<Trampoline> trampoline_named(std::string_view name) {
  const auto known =
      std::ranges::find(all_trampolines, name, [](Trampoline variant) { return name_of(variant); });
  return known == all_trampolines.end() ? std::nullopt : std::optional(*known);
}

std::expected<ForeignCode, std::string> ForeignCode::parse(const std::vector<std::string>& pairs,
                                                           std::optional<Trampoline> trampoline) {
  ForeignCode made;
  made.trampoline_ = trampoline.value_or(Trampoline::trap);
  made.is_variant_given_ = trampoline.has_value();
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == pair.size()) {
      return std::unexpected(fmt::format("fiberproof: --symbol {}: expected ROLE=NAME", pair));
    }
    auto place = parse_code_place(std::string_view(pair).substr(equals + 1));
    if (!place) {
      return std::unexpected(fmt::format("fiberproof: --symbol {}: {}", pair, place.error()));
    }
    const std::string name = pair.substr(0, equals);
    const Role* const role = role_named(name);
    made.is_foreign_ |= role != nullptr;
    if (place->text == searched) {
      if (name == "switch") {
        made.search_switches();
        continue;
      }
      if (name != "start") {
        return std::unexpected(
            fmt::format("fiberproof: --symbol {}: only start and switch are searched for", pair));
      }
    }
    const std::string symbol =
        role == nullptr ? name : std::string(symbol_in(*role, made.trampoline_));
    if (!made.places_.emplace(symbol, std::move(*place)).second) {
      return std::unexpected(fmt::format("fiberproof: --symbol {}: {} is given twice", pair, name));
    }
  }
  if (trampoline && !made.is_foreign_) {
    return std::unexpected(
        "fiberproof: --trampoline: says which rules the code of a role keeps: give a role with "
        "--symbol");
  }
  return made;
}

bool ForeignCode::is_given(const std::string& symbol) const {
  return places_.contains(symbol) || (searches_switches_ && role_or_symbol(symbol) == "switch");
}

bool ForeignCode::is_role_given(std::string_view role) const {
  return std::ranges::any_of(
      places_, [role](const auto& entry) { return role_or_symbol(entry.first) == role; });
}

// Gives each role's place to the symbol that this variant's contracts call it by.
void ForeignCode::move_places() {
  std::map<std::string, TypedPlace, std::less<>> moved;
  for (auto& [symbol, place] : places_) {
    const Role* const role = role_of_symbol(symbol);
    moved.emplace(role == nullptr ? symbol : std::string(symbol_in(*role, trampoline_)),
                  std::move(place));
  }
  places_ = std::move(moved);
}

bool ForeignCode::searches_start() const {
  return std::ranges::any_of(places_,
                             [](const auto& entry) { return entry.second.text == searched; });
}

std::expected<void, std::string> ForeignCode::answer_start(const std::string& place) {
  auto parsed = parse_code_place(place);
  if (!parsed) return std::unexpected(parsed.error());
  for (auto& [symbol, typed] : places_) {
    if (typed.text == searched) typed = *parsed;
  }
  return {};
}

std::optional<std::string> ForeignCode::left_out(const Contract& contract) const {
  if (contract.runs.empty()) return "no code: it concerns the specification itself";
  for (const Run& run : contract.runs) {
    if (is_called_by_start(run.symbol)) return "about this project's own fiber_start";
    if (run.source == Run::Source::sites && !is_of_any_switch(contract)) {
      return "about this project's own switch";
    }
    const Role* const role = role_of_symbol(run.symbol);
    const bool is_other =
        role != nullptr && !is_given(run.symbol) && symbol_in(*role, trampoline_) != run.symbol;
    if (is_other) {
      return fmt::format("of another variant than {}", name_of(trampoline_));
    }
  }
  const std::vector<std::string> roles_missing = missing(contract);
  if (roles_missing.empty()) return std::nullopt;
  return fmt::format("no symbol given for {}", fmt::join(roles_missing, ", "));
}

std::vector<std::string> ForeignCode::missing(const Contract& contract) const {
  std::vector<std::string> roles_missing;
  const auto need = [&](const std::string& symbol) {
    std::string role(role_or_symbol(symbol));
    const bool is_new = std::ranges::find(roles_missing, role) == roles_missing.end();
    if (!is_given(symbol) && !is_called_by_start(symbol) && is_new) {
      roles_missing.push_back(std::move(role));
    }
  };
  for (const Run& run : contract.runs) need(run.symbol);
  for (const CallDeclaration& call : contract.calls) {
    if (is_named(call)) need(call.symbol);
  }
  return roles_missing;
}

std::vector<std::string> ForeignCode::missing_roles(const Contract& contract) const {
  const auto is_of_a_role = [this](const Run& run) {
    const Role* const role = role_of_symbol(run.symbol);
    return role != nullptr && !is_called_by_start(run.symbol) &&
           symbol_in(*role, trampoline_) == run.symbol;
  };
  return std::ranges::all_of(contract.runs, is_of_a_role) ? missing(contract)
                                                          : std::vector<std::string>{};
}

std::string ForeignCode::as_options() const {
  std::string text;
  for (const auto& [symbol, place] : places_) {
    text += " --symbol " + shell_word(fmt::format("{}={}", role_or_symbol(symbol), place.text));
  }
  if (is_variant_given_) text += fmt::format(" --trampoline {}", name_of(trampoline_));
  return text;
}

std::expected<void, std::string> ForeignCode::check_roles(
    const std::vector<Contract>& contracts) const {
  std::set<std::string, std::less<>> named;
  for (const Contract& contract : contracts) {
    named.merge(symbols_of(contract));
    named.merge(variables_of(contract));
  }
  for (const auto& [symbol, place] : places_) {
    if (named.contains(symbol) || role_of_symbol(symbol) != nullptr) continue;
    std::vector<std::string_view> names;
    for (const Role& role : roles) names.push_back(role.name);
    std::string near;
    for (const std::string_view name : names) {
      if (near.empty() && distance(symbol, name)) near = fmt::format(": did you mean {}?", name);
    }
    return std::unexpected(fmt::format(
        "fiberproof: --symbol {}={}: {} is neither a role nor a symbol of a contract; roles are "
        "{}{}",
        symbol, place.text, symbol, fmt::join(names, ", "), near));
  }
  return {};
}

std::expected<void, std::string> ForeignCode::check(const std::vector<Contract>& contracts,
                                                    const ObjectArchive& file) const {
  if (auto checked = check_roles(contracts); !checked) return checked;
  for (const auto& [symbol, typed] : places_) {
    const bool is_variable = std::ranges::any_of(
        contracts, [&](const Contract& one) { return variables_of(one).contains(symbol); });
    if (typed.text == searched || is_variable) continue;
    if (const auto place = resolve(typed, file); !place) return std::unexpected(place.error());
  }
  return {};
}

bool ForeignCode::has_any(const std::vector<Contract>& contracts, const ObjectArchive& file) const {
  bool names_any = false;
  for (const Contract& contract : contracts) {
    for (const std::string& symbol : symbols_of(contract)) {
      names_any = true;
      if (is_given(symbol)) return true;
      for (const ObjectFile& member : file.files()) {
        if (member.defines(symbol) || member.section(symbol)) return true;
      }
    }
  }
  return !names_any;
}

std::expected<const ObjectFile*, std::string> ForeignCode::subject(
    const Contract& contract, const ObjectArchive& file) const {
  if (!file.is_archive() || contract.runs.empty()) return &file.files().front();
  std::string symbol = contract.runs.front().symbol;
  if (const auto typed = places_.find(symbol); typed != places_.end()) {
    const auto place = resolve(typed->second, file);
    if (!place) return std::unexpected(place.error());
    if (place->symbol.empty()) {
      return std::unexpected(
          fmt::format("fiberproof: {}: an archive has no addresses: name a symbol ({}={})",
                      file.path(), role_or_symbol(symbol), typed->second.text));
    }
    symbol = place->symbol;
  }
  const auto member = file.defining(symbol);
  if (!member) return std::unexpected(message(member.error()));
  return *member;
}

std::string ForeignCode::described(const Contract& contract) const {
  std::vector<std::string> parts;
  auto symbols = symbols_of(contract);
  symbols.merge(variables_of(contract));
  for (const std::string& symbol : symbols) {
    const auto place = places_.find(symbol);
    if (place == places_.end()) continue;
    std::string part = fmt::format("{}={}", role_or_symbol(symbol), place->second.text);
    if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
  }
  const bool is_of_start = std::ranges::any_of(contract.runs, [](const Run& run) {
    const Role* const role = role_of_symbol(run.symbol);
    return role != nullptr && role->name == "start";
  });
  if (searches_switches_ && is_of_any_switch(contract)) parts.emplace_back("every switch found");
  if (is_of_start && is_foreign_) {
    parts.push_back(fmt::format("trampoline {}", name_of(trampoline_)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::expected<void, std::string> ForeignCode::add_to(ProverOptions& options, const ObjectFile& file,
                                                     const Contract* contract) const {
  options.places.clear();
  options.variables.clear();
  for (const auto& [symbol, typed] : places_) {
    if (contract != nullptr && variables_of(*contract).contains(symbol)) {
      options.variables.emplace(symbol, typed.text);
      continue;
    }
    if (contract != nullptr && !symbols_of(*contract).contains(symbol)) continue;
    auto place = resolve(typed, file);
    if (!place) return std::unexpected(place.error());
    options.places.emplace(symbol, std::move(*place));
  }
  if (!is_foreign_) return {};
  for (const std::string_view role : roles_that_start_calls) {
    for (const std::string_view symbol : role_named(role)->symbols) {
      options.callees_by_call.emplace(symbol);
    }
  }
  return {};
}

std::string nothing_named(const ObjectArchive& file) {
  constexpr std::size_t names_max = 8;
  const FunctionList functions = functions_of(file.files(), names_max);
  const auto told = [&file](std::string reason, std::string place) {
    return message(
        {ObjectError::Kind::not_found, file.path(), std::move(reason), std::move(place)});
  };
  if (functions.count == 0) {
    return told(
        "has no fiberproof_ symbols: say where the code of a role is, as in --symbol "
        "start=0xADDRESS:BYTES",
        "it has no function names");
  }
  const std::string more =
      functions.count > names_max ? fmt::format(" and {} more", functions.count - names_max) : "";
  return told(fmt::format("has no fiberproof_ symbols: say which of its functions plays a role, as "
                          "in --symbol {}",
                          shell_word("start=" + functions.names.front())),
              fmt::format("it has {}{}", fmt::join(functions.names, ", "), more));
}

}  // namespace fiberproof::verify
