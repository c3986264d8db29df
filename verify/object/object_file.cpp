#include "verify/object/object_file.hpp"

#include "verify/object/object_reader.hpp"

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

// Far above any program that is proved, far below what would exhaust the memory.
constexpr std::uintmax_t file_bytes_max = std::uintmax_t{1} << 30;

// [from, from + count) within [start, start + size), without overflow.
bool is_within(std::uint64_t from, std::uint64_t count, std::uint64_t start, std::uint64_t size) {
  return from >= start && from - start <= size && count <= size - (from - start);
}

// A name from a file may hold any byte but zero, and appears in messages.
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

std::expected<std::vector<std::byte>, ObjectError> read_object_bytes(
    const std::filesystem::path& path) {
  const auto unreadable = [&](std::string reason) {
    return std::unexpected(
        ObjectError{Kind::unreadable, path.string(), std::move(reason), "opening it"});
  };
  std::error_code error;
  // Refuses pipes and devices: reading them might never end.
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
  return file;
}

std::expected<ObjectFile, ObjectError> ObjectFile::open(const std::filesystem::path& path) {
  auto file = read_object_bytes(path);
  if (!file) return std::unexpected(std::move(file.error()));
  return parse(path.string(), std::move(*file));
}

std::expected<ObjectFile, ObjectError> ObjectFile::parse(std::string path,
                                                         std::vector<std::byte> file) {
  ObjectFile made;
  made.path_ = std::move(path);
  made.file_ = std::make_shared<const std::vector<std::byte>>(std::move(file));
  if (std::expected<void, ObjectError> read = ObjectReader(made).read(); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return made;
}

bool ObjectFile::SectionHeader::is_loaded() const {
  return (flags & SHF_ALLOC) != 0;
}

// The thread-local bss section has an address, but occupies no memory there.
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
  return std::span(*file_).subspan(header.offset, header.size);
}

const ObjectFile::SectionHeader* ObjectFile::section_holding(std::uint64_t address,
                                                             std::uint64_t count) const {
  const auto found = std::ranges::find_if(sections_, [&](const SectionHeader& header) {
    return header.has_addresses() && header.holds(address, count) &&
           address != header.address + header.size;
  });
  return found == sections_.end() ? nullptr : &*found;
}

std::expected<Routine, ObjectError> ObjectFile::routine(std::string_view symbol) const {
  std::expected<Symbol, ObjectError> found = find_function(symbol);
  return found ? routine_of(*found) : std::unexpected(std::move(found.error()));
}

std::expected<Routine, ObjectError> ObjectFile::code(std::string name, std::uint64_t address,
                                                     std::uint64_t size) const {
  const SectionHeader* const header = section_holding(address, size);
  if (header == nullptr || !header->has_bytes()) {
    return fail(Kind::not_found, "no loaded section contains them",
                fmt::format("{} bytes at {:#x}", size, address));
  }
  return routine_of(
      {name, address, size, static_cast<std::size_t>(header - sections_.data()), true});
}

std::expected<Routine, ObjectError> ObjectFile::routine_of(const Symbol& symbol) const {
  if (auto code = check_code(symbol); !code) return std::unexpected(std::move(code.error()));
  if (auto final = check_final(symbol); !final) return std::unexpected(std::move(final.error()));
  const SectionHeader& header = sections_[symbol.section];
  const auto bytes = contents(header).subspan(symbol.address - header.address, symbol.size);
  Routine made{std::string(symbol.name), symbol.address, {bytes.begin(), bytes.end()}};
  if (auto done = relocate(symbol, made); !done) return std::unexpected(std::move(done.error()));
  return made;
}

std::vector<CodeRange> ObjectFile::code_ranges() const {
  std::vector<CodeRange> ranges;
  for (const SectionHeader& header : sections_) {
    const bool is_code =
        header.is_loaded() && header.has_bytes() && (header.flags & SHF_EXECINSTR) != 0;
    if (is_code && header.size != 0) ranges.push_back({header.address, contents(header)});
  }
  std::ranges::sort(ranges, {}, &CodeRange::address);
  return ranges;
}

std::vector<std::uint64_t> ObjectFile::occurrences_in_code(
    std::span<const std::byte> pattern) const {
  std::vector<std::uint64_t> addresses;
  if (pattern.empty()) return addresses;
  for (const auto& [address, code] : code_ranges()) {
    const auto next = [&](auto from) {
      return std::search(from, code.end(), pattern.begin(), pattern.end());
    };
    for (auto at = next(code.begin()); at != code.end(); at = next(at + 1)) {
      addresses.push_back(address + static_cast<std::uint64_t>(at - code.begin()));
    }
  }
  return addresses;
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
  if (!header.holds(symbol.address, symbol.size)) {
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
  const bool writable = std::ranges::any_of(segments_, [&](const Segment& segment) {
    return segment.executable && segment.writable &&
           is_within(symbol.address, symbol.size, segment.address, segment.file_bytes);
  });
  if (writable) return fail(Kind::unsuitable, "its segment is writable", place);
  const SectionHeader& header = sections_[symbol.section];
  if (relocatable_ && (header.flags & SHF_WRITE) != 0) {
    return fail(Kind::unsuitable, "its section is writable", place);
  }
  constexpr std::uint64_t word_bytes = 8;
  const auto bound =
      std::ranges::lower_bound(bound_words_, symbol.address, {},
                               [](const BoundWord& word) { return word.address + word_bytes - 1; });
  const bool is_bound = symbol.size != 0 && bound != bound_words_.end() &&
                        bound->address < symbol.address + symbol.size;
  return is_bound
             ? fail(Kind::relocated,
                    fmt::format("the dynamic linker changes its bytes at {:#x}", bound->address),
                    place)
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
  Routine made{std::string(name), found->address, {bytes.begin(), bytes.end()}};
  const auto index = static_cast<std::size_t>(found - sections_.begin());
  if (auto done = relocate({name, found->address, found->size, index, false}, made); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return Section{std::move(made.symbol), made.address, std::move(made.bytes)};
}

std::expected<std::span<const std::byte>, ObjectError> ObjectFile::bytes(std::uint64_t address,
                                                                         std::size_t count) const {
  const std::string place = fmt::format("{} bytes at {:#x}", count, address);
  const SectionHeader* const header = section_holding(address, count);
  if (header == nullptr || !header->has_bytes()) {
    return fail(Kind::not_found, "no loaded section contains them", place);
  }
  const std::uint64_t offset = address - header->address;
  const auto index = static_cast<std::size_t>(header - sections_.data());
  if (std::ranges::any_of(relocations_, [&](const Relocation& relocation) {
        return relocation.section == index && relocation.offset < offset + count &&
               relocation.offset + relocation.bytes > offset && relocation.bytes != 0;
      })) {
    return fail(Kind::relocated, "a relocation changes them", place);
  }
  return contents(*header).subspan(offset, count);
}

std::optional<ObjectFile::Place> ObjectFile::place_of(std::uint64_t address) const {
  const SectionHeader* const header = section_holding(address, 1);
  return header == nullptr
             ? std::nullopt
             : std::optional(Place{std::string(header->name), address - header->address});
}

std::optional<bool> ObjectFile::is_writable(std::uint64_t address) const {
  const SectionHeader* const header = section_holding(address, 1);
  return header == nullptr ? std::nullopt : std::optional((header->flags & SHF_WRITE) != 0);
}

}  // namespace fiberproof::verify
