#include "verify/x86/constant_memory.hpp"

#include "verify/x86/code_library.hpp"
#include "verify/x86/constant_memory_reader.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <span>

namespace fiberproof::verify {
namespace {

using Kind = FileContent::Kind;

constexpr std::uint64_t no_address = std::numeric_limits<std::uint64_t>::max();

// The symbol whose bytes contain the address.
std::optional<std::string> name_of_variable(const ObjectFile& file, std::uint64_t address) {
  for (const Symbol& symbol : file.symbols()) {
    if (address >= symbol.address &&
        address - symbol.address < std::max<std::uint64_t>(symbol.size, 1)) {
      return std::string(symbol.name);
    }
  }
  return std::nullopt;
}

std::uint64_t as_number(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;  // little-endian, as the file is
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

}  // namespace

ConstantMemory::ConstantMemory(const ObjectFile& file) : file_(&file) {
  if (file.is_relocatable()) {
    constexpr std::uint64_t placed_end = std::uint64_t{1} << 31;  // psABI 3.5.1
    extent_ = {load_address(file, 0), load_address(file, placed_end)};
    return;
  }
  ConstantMemoryReader(*this).read();
  std::uint64_t first = no_address;
  std::uint64_t last = 0;
  for (const Segment& segment : segments_) {
    first = std::min(first, segment.begin);
    last = std::max(last, segment.end);
  }
  if (!segments_.empty()) extent_ = {load_address(file, first), load_address(file, last)};
}

FileContent ConstantMemory::at(std::uint64_t address, unsigned bytes) const {
  const std::uint64_t in_file = address - load_address(*file_, 0);
  return file_->is_relocatable() ? in_relocatable_file(in_file, bytes)
                                 : in_linked_file(in_file, bytes);
}

bool ConstantMemory::is_read_only(std::uint64_t address, unsigned bytes) const {
  const std::uint64_t in_file = address - load_address(*file_, 0);
  if (file_->is_relocatable()) {
    return file_->is_writable(in_file) == false && file_->is_writable(in_file + bytes - 1) == false;
  }
  const Segment* const segment = segment_holding(in_file, bytes);
  return segment != nullptr && (!segment->is_writable || is_protected(*segment, in_file, bytes));
}

FileContent ConstantMemory::in_linked_file(std::uint64_t address, unsigned bytes) const {
  const Segment* const segment = segment_holding(address, bytes);
  if (segment == nullptr) return {};
  if (segment->is_writable && !is_protected(*segment, address, bytes)) {
    const auto made = changed_.find(address);
    const bool is_slot = made != changed_.end() && made->second.content.kind == Kind::symbol;
    return {Kind::variable, 0,
            is_slot ? fmt::format("{} (the address of {}; it stays writable without -z relro)",
                                  name_of_place(address), made->second.content.name)
                    : name_of_place(address)};
  }
  if (!unreadable_.empty()) return {Kind::unknown, 0, unreadable_};
  if (const auto made = made_by_relocation(address, bytes)) return *made;
  const std::uint64_t offset = address - segment->begin;
  if (offset + bytes > segment->file_bytes) {
    return {Kind::unknown, 0, "the file does not hold its bytes"};
  }
  return {Kind::constant, as_number(file_->contents().subspan(segment->offset + offset, bytes))};
}

// The result of the relocations that touch these bytes, if any. One that begins before them may
// reach into them.
std::optional<FileContent> ConstantMemory::made_by_relocation(std::uint64_t address,
                                                              unsigned bytes) const {
  auto found =
      changed_.lower_bound(address > changed_bytes_max_ ? address - changed_bytes_max_ : 0);
  while (found != changed_.end() && found->first + found->second.bytes <= address) ++found;
  if (found == changed_.end() || found->first >= address + bytes) return std::nullopt;
  const auto& [place, made] = *found;
  if (made.content.kind == Kind::unknown) return made.content;
  const auto next = std::next(found);
  const bool is_alone = next == changed_.end() || next->first >= address + bytes;
  const bool is_inside = place <= address && address + bytes <= place + made.bytes;
  const bool is_whole = is_inside && bytes == made.bytes;
  if (!is_alone || !is_inside || (!is_whole && made.content.kind != Kind::constant)) {
    return FileContent{Kind::unknown, 0, "it is a part of what a relocation makes"};
  }
  FileContent content = made.content;
  if (!is_whole) {
    content.value >>= 8 * (address - place);
    content.value &= (std::uint64_t{1} << 8 * bytes) - 1;
  }
  return content;
}

FileContent ConstantMemory::in_relocatable_file(std::uint64_t address, unsigned bytes) const {
  const auto is_writable = file_->is_writable(address);
  if (!is_writable) return in_coming_table(address, bytes).value_or(in_another_file(address));
  if (*is_writable) return {Kind::variable, 0, name_of_place(address)};
  const auto held = file_->bytes(address, bytes);
  if (!held) return {Kind::unknown, 0, held.error().reason + ": link it first"};
  return {Kind::constant, as_number(*held)};
}

// The words of the GOT that a linker will make: each is the address of a symbol. Whether it is this
// file's symbol or another file's of that name, the linker decides.
std::optional<FileContent> ConstantMemory::in_coming_table(std::uint64_t address,
                                                           unsigned bytes) const {
  constexpr std::uint64_t word_bytes = 8;
  const auto& words = file_->bound_words();
  const std::uint64_t first = address - std::min(address, word_bytes - 1);
  const auto word = std::ranges::lower_bound(words, first, {}, &BoundWord::address);
  if (word == words.end() || word->address >= address + bytes) return std::nullopt;
  if (word->address != address || bytes != word_bytes || word->symbol.empty()) {
    return FileContent{Kind::unknown, 0, "it is a part of a word of the GOT: link it first"};
  }
  if (word->is_defined) {
    return FileContent{
        Kind::unknown, 0,
        fmt::format("a linker fills in the address of {}: link it first", word->symbol)};
  }
  return FileContent{Kind::symbol, 0, std::string(word->symbol), word->is_weak};
}

// The external symbols of a relocatable file have addresses behind its sections.
FileContent ConstantMemory::in_another_file(std::uint64_t address) const {
  const auto& symbols = file_->external_symbols();
  const auto next = std::ranges::upper_bound(symbols, address, {}, &Symbol::address);
  constexpr std::uint64_t object_bytes_max = 65536;  // past the address of the last one
  if (next == symbols.begin() || address - std::prev(next)->address > object_bytes_max) return {};
  return {Kind::variable, 0, fmt::format("{}, which another file defines", std::prev(next)->name)};
}

const ConstantMemory::Segment* ConstantMemory::segment_holding(std::uint64_t address,
                                                               std::uint64_t bytes) const {
  const auto found = std::ranges::find_if(segments_, [&](const Segment& segment) {
    return address >= segment.begin && address < segment.end && bytes <= segment.end - address;
  });
  return found == segments_.end() ? nullptr : &*found;
}

bool ConstantMemory::is_protected(const Segment& segment, std::uint64_t address,
                                  std::uint64_t bytes) const {
  return std::ranges::any_of(protected_, [&](const Range& range) {
    return address >= std::max(range.begin, segment.begin) && address < range.end &&
           bytes <= range.end - address;
  });
}

std::string ConstantMemory::name_of_place(std::uint64_t address) const {
  if (const auto name = name_of_variable(*file_, address)) return *name;
  if (const auto place = file_->place_of(address)) {
    return fmt::format("{}+{:#x}", place->section, place->offset);
  }
  return fmt::format("{:#x}", address);
}

}  // namespace fiberproof::verify
