// Words that are filled in before any code runs: by the dynamic linker in a linked file, and those
// of the global offset table (GOT) that a linker will make for a relocatable one. A jump or call
// through such a word goes where the word says.
#include "verify/object/object_reader.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = BoundWord::Kind;

constexpr std::uint64_t word_bytes = 8;
constexpr std::uint64_t address_max = ~std::uint64_t{0} - word_bytes;  // of a word

BoundWord::Kind kind_of(std::uint64_t type) {
  switch (type) {
    case R_X86_64_64:
    case R_X86_64_JUMP_SLOT:
    case R_X86_64_GLOB_DAT: return Kind::symbol;
    case R_X86_64_RELATIVE: return Kind::address;
    case R_X86_64_IRELATIVE: return Kind::chosen;
    default: return Kind::other;
  }
}

}  // namespace

// A word whose relocation is malformed becomes an unknown word.
void ObjectReader::read_bound_words(Elf_Scn* section, std::size_t index) {
  GElf_Shdr header;
  Elf_Data* const data = elf_getdata(section, nullptr);
  if (!gelf_getshdr(section, &header) || header.sh_entsize != sizeof(Elf64_Rela) ||
      data == nullptr || !file_.sections_[index].is_loaded()) {
    return;
  }
  const auto count = static_cast<int>(data->d_size / sizeof(Elf64_Rela));
  for (int entry = 0; entry < count; ++entry) {
    GElf_Rela relocation;
    if (!gelf_getrela(data, entry, &relocation)) continue;
    const auto type = GELF_R_TYPE(relocation.r_info);
    if (type == R_X86_64_NONE || relocation.r_offset > address_max) continue;
    BoundWord word{relocation.r_offset, kind_of(type)};
    word.is_for_jumps =
        type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT || type == R_X86_64_IRELATIVE;
    word.value = static_cast<std::uint64_t>(relocation.r_addend);
    if (word.kind == Kind::symbol &&
        !name_symbol(word, header.sh_link, GELF_R_SYM(relocation.r_info))) {
      word.kind = Kind::other;
    }
    file_.bound_words_.push_back(word);
  }
}

// Reads the symbol of a dynamic relocation; returns false if there is none, or only part of one.
bool ObjectReader::name_symbol(BoundWord& word, std::size_t table, std::uint64_t symbol) const {
  GElf_Shdr header;
  GElf_Sym found;
  if (table >= file_.sections_.size() || file_.sections_[table].type != SHT_DYNSYM || symbol == 0 ||
      symbol > std::numeric_limits<int>::max() || word.value != 0) {
    return false;
  }
  Elf_Scn* const symbols = elf_getscn(elf_.get(), table);
  Elf_Data* const data = elf_getdata(symbols, nullptr);
  if (!gelf_getshdr(symbols, &header) || data == nullptr ||
      !gelf_getsym(data, static_cast<int>(symbol), &found)) {
    return false;
  }
  const auto name = name_at(header.sh_link, found.st_name);
  if (!name || name->empty()) return false;
  word.symbol = *name;
  word.value = found.st_value;
  word.is_defined = found.st_shndx != SHN_UNDEF;
  word.is_weak = GELF_ST_BIND(found.st_info) == STB_WEAK;
  word.is_chosen = GELF_ST_TYPE(found.st_info) == STT_GNU_IFUNC;
  return true;
}

// Relative relocations as bitmaps (gABI, SHT_RELR): an even entry is an address, and each odd entry
// after it says which of the next 63 words change, too. Their addends are in the words.
void ObjectReader::read_packed_words(std::size_t index) {
  const auto& header = file_.sections_[index];
  if (!header.is_loaded()) return;
  const auto bytes = file_.contents(header);
  std::uint64_t next = 0;
  for (std::size_t at = 0; at + word_bytes <= bytes.size(); at += word_bytes) {
    std::uint64_t entry = 0;
    std::memcpy(&entry, bytes.data() + at, sizeof entry);
    if ((entry & 1) == 0) {
      add_packed_word(entry);
      next = entry + word_bytes;
      continue;
    }
    for (unsigned bit = 1; bit < 64; ++bit) {
      if ((entry >> bit & 1) != 0) add_packed_word(next + (bit - 1) * word_bytes);
    }
    next += 63 * word_bytes;
  }
}

void ObjectReader::add_packed_word(std::uint64_t address) {
  // A few bytes can claim many words: keep no more words than the file has.
  if (address > address_max || file_.bound_words_.size() > file_.file_->size() / word_bytes) return;
  const auto* const header = file_.section_holding(address, word_bytes);
  BoundWord word{address, Kind::other};
  if (header != nullptr && header->has_bytes()) {
    const auto bytes = file_.contents(*header).subspan(address - header->address, word_bytes);
    std::memcpy(&word.value, bytes.data(), sizeof word.value);
    word.kind = Kind::address;
  }
  file_.bound_words_.push_back(word);
}

void ObjectReader::sort_bound_words() {
  auto& words = file_.bound_words_;
  std::ranges::sort(words, {}, &BoundWord::address);
  // Before the link, each use of a word of the GOT names it. After the link, two relocations of one
  // word combine in a way that is not modelled.
  const auto is_same = [this](const BoundWord& one, const BoundWord& other) {
    return file_.relocatable_ && one.address == other.address;
  };
  words.erase(std::ranges::unique(words, is_same).begin(), words.end());
  for (std::size_t index = 1; index < words.size(); ++index) {
    if (words[index].address - words[index - 1].address < word_bytes) {
      words[index].kind = words[index - 1].kind = Kind::other;
    }
  }
  const auto one_address = [](const BoundWord& one, const BoundWord& other) {
    return one.address == other.address;
  };
  words.erase(std::ranges::unique(words, one_address).begin(), words.end());
}

std::expected<std::span<const std::byte>, ObjectError> ObjectFile::stored_code(
    std::uint64_t address) const {
  const SectionHeader* const header = section_holding(address, 1);
  const auto no_code = [this](std::string reason, std::string place) {
    return fail(ObjectError::Kind::unsuitable, std::move(reason), std::move(place));
  };
  if (header == nullptr)
    return no_code("no section has this address", fmt::format("{:#x}", address));
  const std::string place = fmt::format("section {} at {:#x}", header->name, address);
  if ((header->flags & SHF_EXECINSTR) == 0) {
    return no_code("the section is not executable", place);
  }
  if (!header->has_bytes()) return no_code("the file does not hold the section's bytes", place);
  const std::uint64_t bytes = header->address + header->size - address;
  const bool mapped = relocatable_ || std::ranges::any_of(segments_, [&](const Segment& segment) {
                        return segment.executable && address >= segment.address &&
                               address - segment.address < segment.file_bytes &&
                               segment.offset + (address - segment.address) ==
                                   header->offset + (address - header->address);
                      });
  if (!mapped) return no_code("no executable segment maps it", place);
  return contents(*header).last(bytes);
}

}  // namespace fiberproof::verify
