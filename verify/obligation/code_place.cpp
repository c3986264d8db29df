#include "verify/obligation/code_place.hpp"

#include "verify/object/demangled_name.hpp"
#include "verify/object/symbol_search.hpp"
#include "verify/object/typed_number.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

std::unexpected<std::string> fail(const ObjectFile& file, std::string_view reason,
                                  const CodePlace& place) {
  return std::unexpected(
      fmt::format("fiberproof: {}: {} ({})", file.path(), reason, text_of(place)));
}

std::expected<std::uint64_t, std::string> address_of(const ObjectFile& file,
                                                     const CodePlace& place) {
  if (place.symbol.empty()) {
    if (file.is_relocatable()) {
      return fail(file, "a relocatable file has no addresses: name a symbol", place);
    }
    return place.offset;
  }
  const auto symbol = file.callee(place.symbol);
  if (!symbol) return std::unexpected(message(symbol.error()));
  return *symbol + place.offset;
}

}  // namespace

std::expected<TypedPlace, std::string> parse_code_place(std::string_view text) {
  if (text.empty()) return std::unexpected("no name and no address");
  TypedPlace place{std::string(text), {}};
  const std::size_t colon = text.rfind(':');
  const bool has_bytes = colon != std::string_view::npos;
  const auto bytes = has_bytes ? typed_number(text.substr(colon + 1)) : std::nullopt;
  const bool is_number = bytes && *bytes != 0;
  if (text.starts_with("0x")) {
    if (has_bytes && !is_number) return std::unexpected("no number of bytes after ':'");
    const auto address = typed_number(text.substr(0, colon));
    if (!address) return std::unexpected("no address after 0x");
    place.readings.push_back({"", *address, bytes});
    return place;
  }
  place.readings.push_back({place.text});
  const std::string_view name = text.substr(0, colon);
  const std::size_t plus = name.rfind('+');
  const bool is_scope = has_bytes && colon > 0 && text[colon - 1] == ':';  // `engine::start`
  if (has_bytes && !is_number && !is_scope) place.problem = "no number of bytes after ':'";
  if (is_number && !name.empty()) place.readings.push_back({std::string(name), 0, bytes});
  if (plus == std::string_view::npos) return place;
  const auto offset = typed_number(name.substr(plus + 1));
  if (!offset) {
    place.problem = "no number after '+'";
  } else if (!has_bytes) {
    place.problem = "a part of a function needs ':' and its bytes";
  } else if (is_number && plus != 0) {
    place.readings.push_back({std::string(name.substr(0, plus)), *offset, bytes});
  }
  return place;
}

namespace {

// A reading, and the symbols that its name can mean.
struct Fit {
  const CodePlace* reading;
  MeantSymbols meant;
};

std::unexpected<std::string> complain(std::string_view path, std::string_view reason,
                                      std::string_view text) {
  return std::unexpected(message({ObjectError::Kind::unsuitable, std::string(path),
                                  std::string(reason), fmt::format("symbol {}", text)}));
}

// Symbols, with their demangled names if those differ.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t told_max = 4;
  std::vector<std::string> told;
  for (const std::string& name : names) {
    const auto text = demangled(name);
    if (told.size() < told_max) told.push_back(text ? fmt::format("{} ({})", name, *text) : name);
  }
  return names.size() <= told_max
             ? fmt::format("{}", fmt::join(told, " or "))
             : fmt::format("{} or {} others", fmt::join(told, ", "), names.size() - told_max);
}

// The symbols to look a text up in, and the reason to give if it is none of them.
struct Names {
  std::span<const ObjectFile> files;
  std::string_view path;
  std::function<std::string(std::string_view name)> why_missing;
  std::function<bool(std::string_view name)> is_explained;  // makes a near match impossible
};

std::string not_found(const TypedPlace& place, const Names& names) {
  constexpr std::size_t names_max = 3;
  for (const CodePlace& reading : place.readings) {
    if (names.is_explained(reading.symbol)) return names.why_missing(reading.symbol);
  }
  const std::string why = place.problem.empty() ? "" : fmt::format(", and {}", place.problem);
  std::vector<std::string> near;
  for (auto reading = place.readings.rbegin(); reading != place.readings.rend(); ++reading) {
    if (near.empty()) near = near_names(names.files, reading->symbol, names_max);
  }
  const std::string missing = names.why_missing(place.readings.back().symbol) + why;
  return near.empty() ? missing
                      : fmt::format("{}: did you mean {}?", missing, fmt::join(near, " or "));
}

// A text that is a symbol, and also part of another: how to write each without ambiguity.
std::string both(const TypedPlace& place, const CodePlace& whole, const CodePlace& part) {
  const std::uint64_t bytes = part.bytes.value_or(0);
  const std::string decimal = fmt::format("{}+{}:{}", part.symbol, part.offset, bytes);
  const std::string hexadecimal = fmt::format("{}+{:#x}:{}", part.symbol, part.offset, bytes);
  return fmt::format("both {0} and {1} are symbols: type {2} for the first, or {3} for the second",
                     whole.symbol, part.symbol,
                     whole.bytes ? fmt::format("{}+0:{}", whole.symbol, *whole.bytes)
                                 : fmt::format("{}:BYTES", whole.symbol),
                     decimal == place.text ? hexadecimal : decimal);
}

std::expected<CodePlace, std::string> resolve_in(const TypedPlace& place, const Names& names) {
  if (place.readings.front().symbol.empty()) return place.readings.front();
  std::vector<Fit> fits;
  for (const CodePlace& reading : place.readings) {
    MeantSymbols meant = symbols_meant(names.files, reading.symbol);
    if (!meant.symbols.empty()) fits.push_back({&reading, std::move(meant)});
  }
  const auto is_exact = [](const Fit& fit) { return fit.meant.is_exact; };
  if (std::ranges::any_of(fits, is_exact)) std::erase_if(fits, std::not_fn(is_exact));
  const auto fail = [&](const std::string& reason) {
    return complain(names.path, reason, place.text);
  };
  if (fits.empty()) return fail(not_found(place, names));
  if (fits.size() > 1) return fail(both(place, *fits[0].reading, *fits[1].reading));
  const auto& [reading, meant] = fits.front();
  if (meant.symbols.size() > 1) {
    return fail(fmt::format("several functions are called so: type the whole name, {}",
                            listed(meant.symbols)));
  }
  return CodePlace{meant.symbols.front(), reading->offset, reading->bytes};
}

}  // namespace

std::expected<CodePlace, std::string> resolve(const TypedPlace& place, const ObjectFile& file) {
  const auto why_missing = [&file](std::string_view name) {
    const auto routine = file.routine(name);
    return routine ? "no such symbol" : routine.error().reason;
  };
  return resolve_in(place, {std::span(&file, 1), file.path(), why_missing,
                            [](std::string_view) { return false; }});
}

std::expected<CodePlace, std::string> resolve(const TypedPlace& place,
                                              const ObjectArchive& archive) {
  if (!archive.is_archive()) return resolve(place, archive.files().front());
  return resolve_in(place,
                    {archive.files(), archive.path(),
                     [&archive](std::string_view name) { return archive.why_missing(name); },
                     [&archive](std::string_view name) { return archive.is_in_unread(name); }});
}

std::string text_of(const CodePlace& place) {
  const std::string bytes = place.bytes ? fmt::format(":{}", *place.bytes) : "";
  if (place.symbol.empty()) return fmt::format("{:#x}{}", place.offset, bytes);
  const std::string offset = place.offset == 0 ? "" : fmt::format("+{:#x}", place.offset);
  return fmt::format("{}{}{}", place.symbol, offset, bytes);
}

std::expected<Routine, std::string> routine_at(const ObjectFile& file, const CodePlace& place) {
  if (!place.bytes && !place.symbol.empty()) {
    auto routine = file.routine(place.symbol);
    if (!routine) return std::unexpected(message(routine.error()));
    return std::move(*routine);
  }
  const auto address = address_of(file, place);
  if (!address) return std::unexpected(address.error());
  if (!place.bytes) return fail(file, "an address needs ':' and the bytes of the code", place);
  auto routine = file.code(text_of(place), *address, *place.bytes);
  if (!routine) return std::unexpected(message(routine.error()));
  return std::move(*routine);
}

std::expected<std::uint64_t, std::string> callee_at(const ObjectFile& file,
                                                    const CodePlace& place) {
  return address_of(file, place);
}

}  // namespace fiberproof::verify
