#include "verify/machine/object_file.hpp"

#include "verify/machine/object_reader.hpp"

#include <fmt/format.h>
#include <libelf.h>

#include <algorithm>
#include <fstream>
#include <ranges>
#include <system_error>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

// Far above any program that is proved, far below what would exhaust the machine.
constexpr std::uintmax_t file_bytes_max = std::uintmax_t{1} << 30;

// [from, from + count) within [start, start + size), without overflow.
bool is_within(std::uint64_t from, std::uint64_t count, std::uint64_t start, std::uint64_t size) {
  return from >= start && from - start <= size && count <= size - (from - start);
}

// A name from a file may hold any byte but zero, and goes into messages.
std::string on_one_line(std::string_view text) {
  std::string line;
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (code < 0x20 || code == 0x7f) {
      line += fmt::format("\\x{:02x}", code);
    } else {
      line += letter;
    }
  }
  return line;
}

}  // namespace

std::string message(const ObjectError& error) {
  return on_one_line(fmt::format("fiberproof: {}: {} ({})", error.path, error.reason, error.place));
}

std::unexpected<ObjectError> ObjectFile::fail(Kind kind, std::string reason,
                                              std::string place) const {
  return std::unexpected(ObjectError{kind, path_, std::move(reason), std::move(place)});
}

std::expected<ObjectFile, ObjectError> ObjectFile::open(const std::filesystem::path& path) {
  const auto unreadable = [&](std::string reason) {
    return std::unexpected(
        ObjectError{Kind::unreadable, path.string(), std::move(reason), "opening it"});
  };
  std::error_code error;
  // Not a pipe or a device: reading those might never end.
  if (!std::filesystem::is_regular_file(path, error)) {
    return unreadable(error ? error.message() : "not a regular file");
  }
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error || size > file_bytes_max) {
    return unreadable(error ? error.message() : "larger than 1 GiB");
  }
  std::vector<std::byte> file(size);
  std::ifstream stream(path, std::ios::binary);
  if (size != 0 &&
      !stream.read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(size))) {
    return unreadable("cannot be read");
  }
  return parse(path.string(), std::move(file));
}

std::expected<ObjectFile, ObjectError> ObjectFile::parse(std::string path,
                                                         std::vector<std::byte> file) {
  ObjectFile made;
  made.path_ = std::move(path);
  made.file_ = std::move(file);
  if (std::expected<void, ObjectError> read = ObjectReader(made).read(); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return made;
}

bool ObjectFile::SectionHeader::is_loaded() const {
  return (flags & SHF_ALLOC) != 0;
}

// The thread-local bss has an address, but takes no room there.
bool ObjectFile::SectionHeader::has_addresses() const {
  return is_loaded() && size != 0 && !(type == SHT_NOBITS && (flags & SHF_TLS) != 0);
}

bool ObjectFile::SectionHeader::has_bytes() const {
  return type != SHT_NOBITS && type != SHT_NULL && (flags & SHF_COMPRESSED) == 0;
}

bool ObjectFile::SectionHeader::holds(std::uint64_t from, std::uint64_t count) const {
  return is_within(from, count, address, size);
}

std::span<const std::byte> ObjectFile::contents(const SectionHeader& header) const {
  return std::span(file_).subspan(header.offset, header.size);
}

const ObjectFile::SectionHeader* ObjectFile::section_holding(std::uint64_t address,
                                                             std::uint64_t count) const {
  if (relocatable_) {
    return nullptr;
  }
  const auto found = std::ranges::find_if(sections_, [&](const SectionHeader& header) {
    return header.has_addresses() && header.holds(address, count) &&
           address != header.address + header.size;
  });
  return found == sections_.end() ? nullptr : &*found;
}

std::expected<Routine, ObjectError> ObjectFile::routine(std::string_view symbol) const {
  std::expected<Symbol, ObjectError> found = find_function(symbol);
  if (!found) {
    return std::unexpected(std::move(found.error()));
  }
  if (std::expected<void, ObjectError> code = check_code(*found); !code) {
    return std::unexpected(std::move(code.error()));
  }
  if (std::expected<void, ObjectError> final = check_final(*found); !final) {
    return std::unexpected(std::move(final.error()));
  }
  const SectionHeader& header = sections_[found->section];
  const auto bytes = contents(header).subspan(found->address - header.address, found->size);
  return Routine{found->name, found->address, {bytes.begin(), bytes.end()}};
}

std::expected<Routine, ObjectError> ObjectFile::code(std::string name, std::uint64_t address,
                                                     std::uint64_t size) const {
  const auto whole = bytes(address, size);
  if (!whole) return std::unexpected(whole.error());
  const auto index = static_cast<std::size_t>(section_holding(address, size) - sections_.data());
  const Symbol symbol{name, address, size, index, true};
  if (auto code = check_code(symbol); !code) return std::unexpected(std::move(code.error()));
  if (auto final = check_final(symbol); !final) return std::unexpected(std::move(final.error()));
  return Routine{std::move(name), address, {whole->begin(), whole->end()}};
}

std::vector<std::uint64_t> ObjectFile::occurrences_in_code(
    std::span<const std::byte> pattern) const {
  std::vector<std::uint64_t> addresses;
  for (const SectionHeader& header : sections_) {
    if (relocatable_ || pattern.empty() || !header.is_loaded() || !header.has_bytes() ||
        (header.flags & SHF_EXECINSTR) == 0) {
      continue;
    }
    const auto code = contents(header);
    const auto next = [&](auto from) {
      return std::search(from, code.end(), pattern.begin(), pattern.end());
    };
    for (auto at = next(code.begin()); at != code.end(); at = next(at + 1)) {
      addresses.push_back(header.address + static_cast<std::uint64_t>(at - code.begin()));
    }
  }
  std::ranges::sort(addresses);
  return addresses;
}

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

std::expected<void, ObjectError> ObjectFile::check_code(const Symbol& symbol) const {
  const std::string place = fmt::format("symbol {}", symbol.name);
  if (symbol.section == 0) {
    return fail(Kind::unsuitable, "the symbol is in no section", place);
  }
  const SectionHeader& header = sections_[symbol.section];
  if (!header.is_loaded() || !header.has_bytes() || (header.flags & SHF_EXECINSTR) == 0) {
    return fail(Kind::unsuitable, "the symbol is not in an executable section", place);
  }
  // In a relocatable file every section is at address 0, or should be.
  if (!header.holds(symbol.address, symbol.size) || (relocatable_ && header.address != 0)) {
    return fail(Kind::malformed, "the symbol ends outside its section", place);
  }
  if (relocatable_) {
    return {};
  }
  const std::uint64_t offset = header.offset + (symbol.address - header.address);
  const bool mapped = std::ranges::any_of(segments_, [&](const Segment& segment) {
    return segment.executable &&
           is_within(symbol.address, symbol.size, segment.address, segment.file_bytes) &&
           segment.offset + (symbol.address - segment.address) == offset;
  });
  return mapped ? std::expected<void, ObjectError>{}
                : fail(Kind::malformed, "no executable segment maps the symbol's bytes", place);
}

std::expected<void, ObjectError> ObjectFile::check_final(const Symbol& symbol) const {
  const std::string place = fmt::format("symbol {}", symbol.name);
  if (code_is_relocated_) {
    return fail(Kind::relocated, "the dynamic linker changes code of this file (DT_TEXTREL)",
                place);
  }
  const auto changes = std::ranges::find_if(relocations_, [&](const Relocation& relocation) {
    return relocation.section == symbol.section && relocation.bytes != 0 &&
           relocation.offset < symbol.address + symbol.size &&
           relocation.offset + relocation.bytes > symbol.address;
  });
  if (changes != relocations_.end()) {
    return fail(Kind::relocated, "a relocation changes its bytes: link it first",
                fmt::format("{} at byte {:#x}", place, changes->offset));
  }
  const bool writable = std::ranges::any_of(segments_, [&](const Segment& segment) {
    return segment.executable && segment.writable &&
           is_within(symbol.address, symbol.size, segment.address, segment.file_bytes);
  });
  return writable ? fail(Kind::unsuitable, "its segment is writable", place)
                  : std::expected<void, ObjectError>{};
}

std::expected<Section, ObjectError> ObjectFile::section(std::string_view name) const {
  const std::string place = fmt::format("section {}", name);
  const auto has_name = [&](const SectionHeader& header) { return header.name == name; };
  const auto found = std::ranges::find_if(sections_, has_name);
  if (found == sections_.end()) {
    return fail(Kind::not_found, "no such section", place);
  }
  if (std::ranges::count_if(sections_, has_name) > 1) {
    return fail(Kind::unsuitable, "several sections have this name", place);
  }
  if (!found->has_bytes()) {
    return fail(Kind::unsuitable, "the file does not hold its bytes", place);
  }
  const std::span<const std::byte> bytes = contents(*found);
  return Section{found->name, found->address, {bytes.begin(), bytes.end()}};
}

std::expected<std::span<const std::byte>, ObjectError> ObjectFile::bytes(std::uint64_t address,
                                                                         std::size_t count) const {
  const std::string place = fmt::format("{} bytes at {:#x}", count, address);
  if (relocatable_) {
    return fail(Kind::unsuitable, "a relocatable file has no addresses: link it first", place);
  }
  const SectionHeader* const header = section_holding(address, count);
  if (header == nullptr || !header->has_bytes()) {
    return fail(Kind::not_found, "no loaded section holds them", place);
  }
  return contents(*header).subspan(address - header->address, count);
}

std::optional<std::string> ObjectFile::symbol_at(std::uint64_t address) const {
  const Symbol* best = nullptr;
  // Of several names the choice must not depend on their order in the file.
  const auto is_better = [&](const Symbol& symbol) {
    return best == nullptr || (symbol.is_function != best->is_function ? symbol.is_function
                                                                       : symbol.name < best->name);
  };
  for (const Symbol& symbol : symbols_) {
    if (!relocatable_ && symbol.section != 0 && symbol.address == address && is_better(symbol)) {
      best = &symbol;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(best->name);
}

std::optional<ObjectFile::Place> ObjectFile::place_of(std::uint64_t address) const {
  const SectionHeader* const header = section_holding(address, 1);
  return header == nullptr ? std::nullopt
                           : std::optional(Place{header->name, address - header->address});
}

}  // namespace fiberproof::verify
