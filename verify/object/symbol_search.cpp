#include "verify/object/symbol_search.hpp"

#include "verify/object/demangled_name.hpp"

#include <elf.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace fiberproof::verify {
namespace {

// A function, or untyped code as assemblers leave it; not a compiler's local label.
bool is_named_code(const ObjectFile& file, const Symbol& symbol) {
  const bool is_data = symbol.type == STT_OBJECT || symbol.type == STT_COMMON;
  return file.is_code(symbol) && !is_data && !symbol.name.starts_with(".L");
}

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return made;
}

// Edit distance: letters to insert, remove, change or exchange with the next one.
std::size_t edits(std::string_view one, std::string_view other) {
  std::vector<std::size_t> before(other.size() + 1);
  std::vector<std::size_t> last(other.size() + 1);
  std::vector<std::size_t> now(other.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t row = 1; row <= one.size(); ++row) {
    now[0] = row;
    for (std::size_t column = 1; column <= other.size(); ++column) {
      const bool is_same = one[row - 1] == other[column - 1];
      now[column] =
          std::min({last[column] + 1, now[column - 1] + 1, last[column - 1] + (is_same ? 0u : 1u)});
      if (row > 1 && column > 1 && one[row - 1] == other[column - 2] &&
          one[row - 2] == other[column - 1]) {
        now[column] = std::min(now[column], before[column - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(now);
  }
  return last[other.size()];
}

std::string typed_name(const Symbol& symbol) {
  return demangled(symbol.name).value_or(std::string(symbol.name));
}

// Without the parts that nobody types.
std::string_view short_name(std::string_view text) {
  const std::string_view plain = text.substr(0, text.find('('));
  const std::size_t colons = plain.rfind("::");
  return colons == std::string_view::npos ? plain : plain.substr(colons + 2);
}

void add_meant(const ObjectFile& file, std::string_view name, std::vector<std::string>& symbols,
               std::set<std::tuple<const ObjectFile*, std::size_t, std::uint64_t>>& places) {
  const auto means = [name](std::string_view symbol) {
    const auto text = demangled(symbol);
    return text && can_mean(name, *text);
  };
  const auto add = [&symbols](std::string_view symbol) {
    if (std::ranges::find(symbols, symbol) == symbols.end()) symbols.emplace_back(symbol);
  };
  for (const Symbol& symbol : file.symbols()) {
    if (!is_named_code(file, symbol) || !means(symbol.name)) continue;
    if (places.emplace(&file, symbol.section, symbol.address).second) add(symbol.name);
  }
  for (const Symbol& symbol : file.external_symbols()) {
    if (means(symbol.name)) add(symbol.name);
  }
  for (const std::string_view symbol : file.slot_names()) {
    if (means(symbol)) add(symbol);
  }
}

}  // namespace

MeantSymbols symbols_meant(std::span<const ObjectFile> files, std::string_view name) {
  const bool is_known =
      std::ranges::any_of(files, [name](const ObjectFile& file) { return file.knows(name); });
  if (is_known) return {{std::string(name)}, true};
  MeantSymbols meant;
  std::set<std::tuple<const ObjectFile*, std::size_t, std::uint64_t>> places;
  for (const ObjectFile& file : files) add_meant(file, name, meant.symbols, places);
  std::ranges::sort(meant.symbols);
  return meant;
}

std::optional<std::size_t> distance(std::string_view one, std::string_view other) {
  constexpr std::size_t compared_max = 128;
  if (one.empty() || other.empty()) return std::nullopt;
  const std::string left = lower(one.substr(0, compared_max));
  const std::string right = lower(other.substr(0, compared_max));
  const std::size_t shorter = std::min(left.size(), right.size());
  const std::size_t longer = std::max(left.size(), right.size());
  constexpr std::size_t part_min = 4;
  const std::size_t allowed = std::max<std::size_t>(1, longer / 3);
  const bool is_part = shorter >= part_min && (left.find(right) != std::string::npos ||
                                               right.find(left) != std::string::npos);
  if (longer - shorter > allowed) return is_part ? std::optional(allowed) : std::nullopt;
  const std::size_t found = edits(left, right);
  if (found <= allowed) return found;
  return is_part ? std::optional(allowed) : std::nullopt;
}

std::vector<std::string> near_names(std::span<const ObjectFile> files, std::string_view name,
                                    std::size_t count_max) {
  std::set<std::pair<std::size_t, std::string>> near;
  for (const ObjectFile& file : files) {
    for (const Symbol& symbol : file.symbols()) {
      if (!is_named_code(file, symbol)) continue;
      const std::string typed = typed_name(symbol);
      std::optional<std::size_t> best = distance(name, symbol.name);
      for (const std::string_view other : {std::string_view(typed), short_name(typed)}) {
        const auto found = distance(name, other);
        if (found && (!best || *found < *best)) best = found;
      }
      if (!best) continue;
      near.emplace(*best, typed);
      if (near.size() > count_max) near.erase(std::prev(near.end()));
    }
  }
  std::vector<std::string> names;
  for (const auto& [far, typed] : near) names.push_back(typed);
  return names;
}

FunctionList functions_of(std::span<const ObjectFile> files, std::size_t names_max) {
  FunctionList list;
  std::set<std::string_view> seen;
  for (const ObjectFile& file : files) {
    for (const Symbol& symbol : file.symbols()) {
      if (!is_named_code(file, symbol) || !seen.insert(symbol.name).second) continue;
      ++list.count;
      if (list.names.size() < names_max) list.names.push_back(typed_name(symbol));
    }
  }
  return list;
}

}  // namespace fiberproof::verify
