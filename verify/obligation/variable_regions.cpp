#include "verify/obligation/variable_regions.hpp"

#include "verify/object/demangled_name.hpp"
#include "verify/object/symbol_search.hpp"
#include "verify/x86/constant_memory.hpp"
#include "verify/x86/place_name.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <utility>
#include <vector>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

std::unexpected<std::string> fail(const ObjectFile& file, Kind kind, std::string reason,
                                  const std::string& symbol) {
  return std::unexpected(
      message({kind, file.path(), std::move(reason), fmt::format("symbol {}", symbol)}));
}

bool is_variable(const ObjectFile& file, const Symbol& symbol) {
  return symbol.section != 0 && !symbol.is_function && !file.is_code(symbol);
}

// The variables of that name, or, if there are none, those that a person can mean by it. A symbol
// of both tables, and two names of one variable, count as one.
std::vector<Symbol> meant(const ObjectFile& file, const std::string& name) {
  std::vector<Symbol> found;
  const auto add = [&](const auto& means) {
    for (const Symbol& symbol : file.symbols()) {
      const bool is_known =
          std::ranges::find(found, symbol.address, &Symbol::address) != found.end();
      if (!is_known && is_variable(file, symbol) && means(symbol)) found.push_back(symbol);
    }
  };
  add([&](const Symbol& symbol) { return symbol.name == name; });
  if (!found.empty()) return found;
  add([&](const Symbol& symbol) {
    // Behind a dot a compiler says what it did to the variable (`.0`, `.llvm.1234`).
    const auto text = demangled(symbol.name.substr(0, symbol.name.find('.')));
    return text && can_mean(name, *text);
  });
  return found;
}

std::string why_missing(const ObjectFile& file, const std::string& name) {
  const auto is_named = [&](const Symbol& symbol) { return symbol.name == name; };
  if (std::ranges::any_of(file.external_symbols(), is_named)) {
    return "another file defines it: link the two first";
  }
  if (std::ranges::any_of(file.symbols(), is_named)) return "not a variable of this file";
  for (const Symbol& symbol : file.symbols()) {
    if (!is_variable(file, symbol) || !distance(name, symbol.name)) continue;
    return fmt::format("no such variable: did you mean {}?", symbol.name);
  }
  return "no such variable";
}

std::expected<std::uint64_t, std::string> address_of(const RegionDeclaration& region,
                                                     const std::string& name,
                                                     const ObjectFile& file) {
  const std::vector<Symbol> found = meant(file, name);
  if (found.empty()) return fail(file, Kind::not_found, why_missing(file, name), name);
  if (found.size() > 1) {
    return fail(file, Kind::unsuitable,
                fmt::format("several variables are called so: type the whole name, {} or {}",
                            found[0].name, found[1].name),
                name);
  }
  const Symbol& symbol = found.front();
  if (symbol.size < region.bytes) {
    return fail(file, Kind::unsuitable,
                fmt::format("the variable has {} bytes, and region {} has {}: make the region as "
                            "small",
                            symbol.size, region.name, region.bytes),
                name);
  }
  return load_address(file, symbol.address);
}

// Whether the file tells a byte of the variable, which code then cannot write.
bool is_known_without(const ObjectFile& file, std::uint64_t address, std::uint64_t bytes) {
  const ConstantMemory memory(file);
  for (std::uint64_t offset = 0; offset < bytes; ++offset) {
    const FileContent::Kind kind = memory.at(address + offset, 1).kind;
    const bool is_constant =
        kind == FileContent::Kind::constant || kind == FileContent::Kind::symbol;
    if (is_constant || memory.is_read_only(address + offset, 1)) return true;
  }
  return false;
}

}  // namespace

std::expected<VariableAddresses, std::string> variables_of(const Contract& contract,
                                                           const ObjectFile& file,
                                                           const ProverOptions& options) {
  VariableAddresses addresses;
  std::vector<std::pair<const RegionDeclaration*, std::uint64_t>> placed;
  for (const RegionDeclaration& region : contract.regions) {
    if (region.symbol.empty()) continue;
    const auto typed = options.variables.find(region.symbol);
    const std::string& name = typed == options.variables.end() ? region.symbol : typed->second;
    const auto address = address_of(region, name, file);
    if (!address) return std::unexpected(address.error());
    if (is_known_without(file, *address, region.bytes)) {
      return fail(file, Kind::unsuitable,
                  fmt::format("code cannot write it, and its contents are known: remove region {}",
                              region.name),
                  name);
    }
    for (const auto& [other, begin] : placed) {
      if (*address >= begin + other->bytes || begin >= *address + region.bytes) continue;
      return fail(
          file, Kind::unsuitable,
          fmt::format("regions {} and {} share bytes of it: remove one", other->name, region.name),
          name);
    }
    placed.emplace_back(&region, *address);
    addresses.emplace(region.name, *address);
  }
  return addresses;
}

}  // namespace fiberproof::verify
