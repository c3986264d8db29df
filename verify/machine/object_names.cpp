// Queries of an ObjectFile by name, and of names by address.
#include "verify/machine/object_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

// Of several names the choice must not depend on their order in the file.
bool is_better(const Symbol& symbol, const Symbol* best) {
  return best == nullptr ||
         (symbol.is_function != best->is_function ? symbol.is_function : symbol.name < best->name);
}

}  // namespace

std::expected<Symbol, ObjectError> ObjectFile::find_function(std::string_view name) const {
  const std::string place = fmt::format("symbol {}", name);
  const auto symtab = static_cast<std::ptrdiff_t>(symtab_count_);
  const Symbol* chosen = nullptr;
  bool other_kind = false;
  for (const auto& table : {std::ranges::subrange(symbols_.begin(), symbols_.begin() + symtab),
                            std::ranges::subrange(symbols_.begin() + symtab, symbols_.end())}) {
    for (const Symbol& symbol : table) {
      if (symbol.name != name) {
        continue;
      }
      if (!symbol.is_function || symbol.size == 0) {
        other_kind = true;
        continue;
      }
      if (chosen != nullptr && (chosen->address != symbol.address || chosen->size != symbol.size ||
                                chosen->section != symbol.section)) {
        return fail(Kind::unsuitable, "several functions have this name", place);
      }
      chosen = &symbol;
    }
    if (chosen != nullptr) {
      return *chosen;
    }
  }
  return other_kind ? fail(Kind::unsuitable, "not a function with a size", place)
                    : fail(Kind::not_found, "no such symbol", place);
}

std::optional<std::string> ObjectFile::symbol_at(std::uint64_t address) const {
  const Symbol* best = nullptr;
  for (const Symbol& symbol : symbols_) {
    if (symbol.section != 0 && symbol.address == address && is_better(symbol, best)) {
      best = &symbol;
    }
  }
  if (best == nullptr) {
    const auto found = std::ranges::lower_bound(external_symbols_, address, {}, &Symbol::address);
    best = found != external_symbols_.end() && found->address == address ? &*found : nullptr;
  }
  return best == nullptr ? std::nullopt : std::optional(std::string(best->name));
}

std::expected<std::uint64_t, ObjectError> ObjectFile::callee(std::string_view name) const {
  const std::string place = fmt::format("symbol {}", name);
  std::optional<std::uint64_t> address;
  for (const Symbol& symbol : symbols_) {
    const bool is_code = symbol.section != 0 && sections_[symbol.section].is_loaded() &&
                         (sections_[symbol.section].flags & SHF_EXECINSTR) != 0;
    if (symbol.name != name || !is_code) {
      continue;
    }
    if (address && *address != symbol.address) {
      return fail(Kind::unsuitable, "several functions have this name", place);
    }
    address = symbol.address;
  }
  const auto external = std::ranges::find(external_symbols_, name, &Symbol::name);
  if (!address && external != external_symbols_.end()) {
    address = external->address;
  }
  return address ? std::expected<std::uint64_t, ObjectError>(*address)
                 : fail(Kind::not_found, defines(name) ? "not code" : "no such symbol", place);
}

std::optional<Symbol> ObjectFile::function_holding(std::uint64_t address) const {
  const Symbol* best = nullptr;
  for (const Symbol& symbol : symbols_) {
    if (symbol.section != 0 && symbol.is_function && symbol.size != 0 &&
        sections_[symbol.section].has_addresses() && address >= symbol.address &&
        address - symbol.address < symbol.size && is_better(symbol, best)) {
      best = &symbol;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

bool ObjectFile::defines(std::string_view name) const {
  return std::ranges::any_of(
      symbols_, [&](const Symbol& symbol) { return symbol.section != 0 && symbol.name == name; });
}

}  // namespace fiberproof::verify
