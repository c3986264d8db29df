// Queries of an ObjectFile by name, and for names by address.
#include "verify/object/object_file.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <tuple>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

// The choice among several names must not depend on their order in the file.
bool is_better(const Symbol& symbol, const Symbol* best) {
  return best == nullptr ||
         (symbol.is_function != best->is_function ? symbol.is_function : symbol.name < best->name);
}

// Static linkers treat STB_GNU_UNIQUE as global.
Binding strength(const Symbol& symbol) {
  switch (symbol.binding) {
    case STB_LOCAL: return Binding::local;
    case STB_WEAK: return Binding::weak;
    default: return Binding::global;
  }
}

// NAME@@VERSION, as linkers write the version that plain `name` selects.
bool is_default_version_of(std::string_view symbol, std::string_view name) {
  return symbol.starts_with(name) && symbol.substr(name.size()).starts_with("@@");
}

// Compares NAME@VERSION with a symbol whose version is in a separate table.
bool is_version_of(std::string_view name, const Symbol& symbol, std::string_view version) {
  if (symbol.binding == STB_LOCAL || version.empty() || !name.starts_with(symbol.name)) {
    return false;
  }
  std::string_view rest = name.substr(symbol.name.size());
  const bool is_default = rest.starts_with("@@");
  if (!rest.starts_with("@") || (is_default && !symbol.is_default_version)) return false;
  rest.remove_prefix(is_default ? 2 : 1);
  return rest == version;
}

}  // namespace

bool ObjectFile::is_code(const Symbol& symbol) const {
  return symbol.section != 0 && sections_[symbol.section].is_loaded() &&
         (sections_[symbol.section].flags & SHF_EXECINSTR) != 0;
}

// From .symtab, or from .dynsym if .symtab lacks it or has it in no section. An exact name comes
// before one with a version behind it (NAME@@VERSION, NAME@VERSION).
std::vector<const Symbol*> ObjectFile::strongest(std::string_view name) const {
  const auto symtab = static_cast<std::ptrdiff_t>(symtab_count_);
  const auto tables = {std::ranges::subrange(symbols_.begin(), symbols_.begin() + symtab),
                       std::ranges::subrange(symbols_.begin() + symtab, symbols_.end())};
  const auto rank = [this](const Symbol* symbol) {
    return std::tuple(symbol->section != 0, strength(*symbol), is_code(*symbol),
                      symbol->is_default_version);
  };
  const auto has_version = [&](const Symbol& symbol) {
    return is_default_version_of(symbol.name, name) ||
           is_version_of(name, symbol, qualifier(symbol));
  };
  for (const bool is_exact : {true, false}) {
    std::vector<const Symbol*> in_no_section;
    for (const auto& table : tables) {
      std::vector<const Symbol*> found;
      for (const Symbol& symbol : table) {
        if (is_exact ? symbol.name == name : has_version(symbol)) found.push_back(&symbol);
      }
      if (found.empty()) continue;
      const auto best = rank(*std::ranges::max_element(found, {}, rank));
      std::erase_if(found, [&](const Symbol* symbol) { return rank(symbol) != best; });
      if (found.front()->section != 0) return found;
      if (in_no_section.empty()) in_no_section = std::move(found);
    }
    if (!in_no_section.empty()) return in_no_section;
  }
  return {};
}

std::expected<Symbol, ObjectError> ObjectFile::find_function(std::string_view name) const {
  const std::string place = fmt::format("symbol {}", name);
  std::vector<const Symbol*> found = strongest(name);
  if (found.empty()) {
    const bool is_thread_local =
        std::ranges::find(thread_local_names_, name) != thread_local_names_.end();
    return is_thread_local
               ? fail(Kind::unsuitable, "a thread-local variable, not a function", place)
               : fail(Kind::not_found, why_no_symbol(), place);
  }
  const auto is_routine = [](const Symbol* symbol) {
    return symbol->is_function && symbol->size != 0;
  };
  const Symbol* const first = found.front();
  if (std::ranges::none_of(found, is_routine)) {
    return fail(Kind::unsuitable, why_no_function(*first), place);
  }
  std::erase_if(found, [&](const Symbol* symbol) { return !is_routine(symbol); });
  const auto is_other = [&](const Symbol* symbol) {
    return symbol->address != found.front()->address || symbol->size != found.front()->size ||
           symbol->section != found.front()->section;
  };
  if (std::ranges::any_of(found, is_other)) return fail(Kind::unsuitable, several(found), place);
  return *found.front();
}

// A text that can be typed in place of a name.
std::string ObjectFile::place_text(const Symbol& symbol) const {
  const std::uint64_t bytes = symbol.size != 0 ? symbol.size : bytes_to_next(symbol);
  if (!relocatable_) return fmt::format("{:#x}:{}", symbol.address, bytes);
  const SectionHeader& section = sections_[symbol.section];
  return fmt::format("{}+{:#x}:{}", section.name, symbol.address - section.address, bytes);
}

std::uint64_t ObjectFile::bytes_to_next(const Symbol& symbol) const {
  const SectionHeader& section = sections_[symbol.section];
  std::uint64_t end = section.address + section.size;
  for (const Symbol& other : symbols_) {
    if (other.section == symbol.section && other.address > symbol.address) {
      end = std::min(end, other.address);
    }
  }
  return end - std::min(end, symbol.address);
}

std::string ObjectFile::several(const std::vector<const Symbol*>& symbols) const {
  constexpr std::size_t told_max = 4;
  std::vector<std::string> places;
  for (const Symbol* symbol : symbols) {
    const std::string_view from = qualifier(*symbol);
    std::string place = place_text(*symbol);
    if (!from.empty()) place += fmt::format(" of {}", from);
    if (std::ranges::find(places, place) == places.end()) places.push_back(std::move(place));
  }
  const std::size_t count = places.size();
  if (count > told_max) places.resize(told_max);
  return fmt::format("several functions have this name: type the place of one, {}{}",
                     fmt::join(places, " or "),
                     count > told_max ? fmt::format(" (and {} more)", count - told_max) : "");
}

std::string ObjectFile::why_no_function(const Symbol& symbol) const {
  if (symbol.type == STT_GNU_IFUNC) {
    return "an indirect function (STT_GNU_IFUNC), whose code is chosen when the program starts: "
           "name the one that is chosen";
  }
  if (symbol.section == 0) return "the symbol is in no section";
  if (!is_code(symbol)) return "a variable, not a function with a size";
  if (symbol.size != 0) {
    return fmt::format(
        "not a function with a size, by its type: type {}:{}, or put .type into "
        "the assembly",
        symbol.name, symbol.size);
  }
  return fmt::format(
      "not a function with a size: type {0}:BYTES, or put .type and .size into the "
      "assembly; up to the next symbol it is {0}:{1}",
      symbol.name, bytes_to_next(symbol));
}

std::string ObjectFile::why_no_symbol() const {
  if (!symbols_.empty() || !external_symbols_.empty()) return "no such symbol";
  if (relocatable_) return "no such symbol: the file has no symbol table";
  std::string text = "no such symbol, and no other: the file is stripped; type 0xADDRESS:BYTES";
  const auto link = section(".gnu_debuglink");
  if (link && !link->bytes.empty() &&
      std::ranges::find(link->bytes, std::byte{0}) != link->bytes.end()) {
    text += fmt::format(", which {} knows", reinterpret_cast<const char*>(link->bytes.data()));
  }
  return text;
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
  const std::vector<const Symbol*> found = strongest(name);
  const bool is_there = !found.empty() && is_code(*found.front());
  if (is_there) {
    const auto is_indirect = [](const Symbol* symbol) { return symbol->type == STT_GNU_IFUNC; };
    if (std::ranges::any_of(found, is_indirect)) {
      return fail(Kind::unsuitable, why_no_function(**std::ranges::find_if(found, is_indirect)),
                  place);
    }
    const auto is_other = [&](const Symbol* symbol) {
      return symbol->address != found.front()->address;
    };
    if (std::ranges::any_of(found, is_other)) return fail(Kind::unsuitable, several(found), place);
    return found.front()->address;
  }
  const auto external = std::ranges::find(external_symbols_, name, &Symbol::name);
  if (external != external_symbols_.end()) return external->address;
  if (!found.empty()) return fail(Kind::not_found, "not code", place);
  if (const SectionHeader* const section = code_section(name)) return section->address;
  return fail(Kind::not_found, why_no_symbol(), place);
}

// The only executable section of that name.
const ObjectFile::SectionHeader* ObjectFile::code_section(std::string_view name) const {
  const SectionHeader* found = nullptr;
  for (const SectionHeader& header : sections_) {
    const bool is_meant = header.name == name && header.is_loaded() && header.size != 0 &&
                          (header.flags & SHF_EXECINSTR) != 0;
    if (is_meant && found != nullptr) return nullptr;
    if (is_meant) found = &header;
  }
  return found;
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
  return binding_of(name).has_value();
}

std::optional<Binding> ObjectFile::binding_of(std::string_view name) const {
  const auto found = strongest(name);
  return found.empty() || found.front()->section == 0 ? std::nullopt
                                                      : std::optional(strength(*found.front()));
}

std::string_view ObjectFile::group_of(std::string_view name) const {
  const auto found = strongest(name);
  return found.empty() ? std::string_view() : sections_[found.front()->section].group;
}

bool ObjectFile::knows(std::string_view name) const {
  const auto slots = slot_names();
  return defines(name) || std::ranges::find(slots, name) != slots.end() ||
         code_section(name) != nullptr ||
         std::ranges::find(external_symbols_, name, &Symbol::name) != external_symbols_.end() ||
         std::ranges::find(thread_local_names_, name) != thread_local_names_.end();
}

std::vector<std::string_view> ObjectFile::slot_names() const {
  std::vector<std::string_view> names;
  for (const BoundWord& word : bound_words_) {
    if (word.is_for_jumps && !word.symbol.empty()) names.push_back(word.symbol);
  }
  return names;
}

}  // namespace fiberproof::verify
