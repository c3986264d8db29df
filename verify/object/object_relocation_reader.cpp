// The reader, part 3: relocation tables, once sections and symbols are known.
#include "verify/object/object_reader.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace fiberproof::verify {
namespace {

// psABI, table 4.9: how many bytes the linker writes; the maximum for unknown types.
std::uint8_t relocation_bytes(std::uint32_t type) {
  switch (type) {
    case R_X86_64_NONE: return 0;
    case R_X86_64_8:
    case R_X86_64_PC8: return 1;
    case R_X86_64_16:
    case R_X86_64_PC16: return 2;
    case R_X86_64_PC32:
    case R_X86_64_GOT32:
    case R_X86_64_PLT32:
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX:
    case R_X86_64_32:
    case R_X86_64_32S:
    case R_X86_64_GOTTPOFF:
    case R_X86_64_TPOFF32:
    case R_X86_64_TLSGD:
    case R_X86_64_TLSLD:
    case R_X86_64_DTPOFF32: return 4;
    default: return 8;
  }
}

bool is_absolute(std::uint32_t type) {
  return type == R_X86_64_64 || type == R_X86_64_32 || type == R_X86_64_32S ||
         type == R_X86_64_16 || type == R_X86_64_8;
}

// A distance to a word that holds the symbol's address. A linker may turn a call through that word
// into a direct call, or its load into a lea; both do the same (psABI, B.2).
bool is_by_got(std::uint32_t type) {
  return type == R_X86_64_GOTPCREL || type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX;
}

}  // namespace

// By the symbol's number in its table.
std::uint64_t ObjectReader::external_address(std::uint64_t symbol) const {
  constexpr std::uint64_t bytes_apart = 16;
  return external_base_ + symbol * bytes_apart;
}

std::optional<ObjectReader::Target> ObjectReader::target_of(const SymbolTable& table,
                                                            std::uint64_t symbol) const {
  const auto number = [](std::uint64_t value) { return Target{value, value, value, false}; };
  if (symbol == 0) {
    return number(0);
  }
  GElf_Sym found;
  if (table.symbols == nullptr || file_.sections_[table.index].type != SHT_SYMTAB ||
      symbol > std::numeric_limits<int>::max()) {
    return std::nullopt;
  }
  const auto place = read_raw(table, static_cast<int>(symbol), found);
  const unsigned type = place ? GELF_ST_TYPE(found.st_info) : 0u;
  if (!place || type == STT_TLS || type == STT_GNU_IFUNC) {
    return std::nullopt;
  }
  if (place->is_special) {
    return found.st_shndx == SHN_ABS ? std::optional(number(found.st_value)) : std::nullopt;
  }
  if (place->section == SHN_UNDEF) {
    const std::uint64_t address = external_address(symbol);
    return Target{address, address, address, true};
  }
  const auto& in = file_.sections_[place->section];
  if (!in.is_loaded()) {
    return std::nullopt;
  }
  return Target{in.address + found.st_value, in.address, in.address + in.size, true};
}

// After all external symbols.
std::uint64_t ObjectReader::got_address(std::uint64_t symbol) const {
  constexpr std::uint64_t page_bytes = 4096;
  constexpr std::uint64_t word_bytes = 8;
  std::uint64_t symbols = 0;
  for (const auto& header : file_.sections_) {
    if (header.type == SHT_SYMTAB) symbols = header.size / sizeof(Elf64_Sym);
  }
  const std::uint64_t end = external_address(symbols) + 2 * page_bytes;
  return (end & ~(page_bytes - 1)) + symbol * word_bytes;
}

// Requires a symbol that target_of() has found.
void ObjectReader::add_got_word(const SymbolTable& table, std::uint64_t number,
                                std::uint64_t value) {
  GElf_Sym found;
  const auto place = read_raw(table, static_cast<int>(number), found);
  if (!place) return;
  BoundWord word{got_address(number), BoundWord::Kind::symbol, true};
  word.symbol = name_at(table.names, found.st_name).value_or("");
  word.value = value;
  word.is_defined = place->is_special || place->section != SHN_UNDEF;
  word.is_weak = GELF_ST_BIND(found.st_info) == STB_WEAK;
  file_.bound_words_.push_back(word);
}

ObjectReader::Result ObjectReader::read_relocations() {
  for (std::size_t index = 1; index < file_.sections_.size(); ++index) {
    const std::uint32_t type = file_.sections_[index].type;
    if (!file_.relocatable_ && type == SHT_RELA) {
      read_bound_words(elf_getscn(elf_.get(), index), index);
    } else if (!file_.relocatable_ && type == SHT_RELR) {
      read_packed_words(index);
    } else if (file_.relocatable_ && (type == SHT_RELA || type == SHT_REL)) {
      if (Result read = read_relocation_section(elf_getscn(elf_.get(), index), index); !read) {
        return read;
      }
    }
  }
  std::ranges::sort(file_.relocations_, {}, [](const ObjectFile::Relocation& relocation) {
    return std::tuple(relocation.section, relocation.offset, relocation.type, relocation.value);
  });
  sort_bound_words();
  // An absolute address in code fixes where the program is loaded (-fno-pic).
  file_.position_independent_ |=
      file_.relocatable_ &&
      std::ranges::none_of(file_.relocations_, [&](const ObjectFile::Relocation& relocation) {
        return is_absolute(relocation.type) &&
               (file_.sections_[relocation.section].flags & SHF_EXECINSTR) != 0;
      });
  return {};
}

ObjectReader::Result ObjectReader::read_relocation_section(Elf_Scn* section, std::size_t index) {
  GElf_Shdr header;
  Elf_Data* const data = elf_getdata(section, nullptr);
  const bool with_addend = file_.sections_[index].type == SHT_RELA;
  const std::size_t entry_bytes = with_addend ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
  if (!gelf_getshdr(section, &header) || header.sh_entsize != entry_bytes || data == nullptr) {
    return malformed("not a table of relocations", section_place(index));
  }
  if (header.sh_info == 0 || header.sh_info >= file_.sections_.size()) {
    return malformed(fmt::format("relocates section {}, which does not exist", header.sh_info),
                     section_place(index));
  }
  const auto& changed = file_.sections_[header.sh_info];
  if (!changed.is_loaded()) {
    return {};  // such as debug information: no query looks there
  }
  const SymbolTable& symbols = symbol_table(header.sh_link);
  const auto count = static_cast<int>(data->d_size / entry_bytes);
  for (int entry = 0; entry < count; ++entry) {
    GElf_Rela read{};
    GElf_Rel without{};
    if (with_addend ? !gelf_getrela(data, entry, &read) : !gelf_getrel(data, entry, &without)) {
      return malformed(last_libelf_error(), section_place(index));
    }
    if (!with_addend) {
      read = {without.r_offset, without.r_info, 0};
    }
    const auto type = static_cast<std::uint32_t>(GELF_R_TYPE(read.r_info));
    const std::uint8_t bytes = relocation_bytes(type);
    if (read.r_offset > changed.size || bytes > changed.size - read.r_offset) {
      return malformed(fmt::format("relocation {} ends outside its section", entry),
                       section_place(index));
    }
    // Without an explicit addend, the field holds one; no x86-64 compiler writes that.
    const std::uint64_t number = GELF_R_SYM(read.r_info);
    const auto target = with_addend ? target_of(symbols, number) : std::optional<Target>();
    const auto addend = static_cast<std::uint64_t>(read.r_addend);
    const std::uint64_t value = target ? target->address + addend : addend;
    ObjectFile::Relocation made{read.r_offset, value, header.sh_info,
                                type,          bytes, target.has_value()};
    if (target && is_by_got(type)) {
      add_got_word(symbols, number, target->address);
      made.target_first = made.target_last = got_address(number);
      made.value = made.target_first + addend;
      made.is_known = target->has_place;
    } else if (target) {
      // The distance to a fixed number depends on where the code is loaded.
      made.is_known = target->has_place || is_absolute(type);
      made.target_first = target->has_place ? target->first : 0;
      made.target_last = target->has_place ? target->last : ~std::uint64_t{0};
    }
    file_.relocations_.push_back(made);
  }
  return {};
}

}  // namespace fiberproof::verify
