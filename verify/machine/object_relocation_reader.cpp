// The reader's third part: the tables of relocations, whose sections and symbols are known.
#include "verify/machine/object_reader.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace fiberproof::verify {
namespace {

// psABI, table 4.9: how many bytes the linker writes. What is not known is taken for the most.
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

}  // namespace

// Each of them by its number in the table of symbols.
std::uint64_t ObjectReader::external_address(std::uint64_t symbol) const {
  constexpr std::uint64_t bytes_apart = 16;
  return external_base_ + symbol * bytes_apart;
}

std::optional<std::uint64_t> ObjectReader::address_of(const SymbolTable& table,
                                                      std::uint64_t symbol) const {
  if (symbol == 0) {
    return 0;
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
    return found.st_shndx == SHN_ABS ? std::optional(found.st_value) : std::nullopt;
  }
  if (place->section == SHN_UNDEF) {
    return external_address(symbol);
  }
  const auto& in = file_.sections_[place->section];
  return in.is_loaded() ? std::optional(in.address + found.st_value) : std::nullopt;
}

ObjectReader::Result ObjectReader::read_relocations() {
  for (std::size_t index = 1; index < file_.sections_.size(); ++index) {
    const std::uint32_t type = file_.sections_[index].type;
    if (!file_.relocatable_ && type == SHT_RELA) {
      read_slots(elf_getscn(elf_.get(), index), index);
    } else if (file_.relocatable_ && (type == SHT_RELA || type == SHT_REL)) {
      if (Result read = read_relocation_section(elf_getscn(elf_.get(), index), index); !read) {
        return read;
      }
    }
  }
  std::ranges::sort(file_.relocations_, {}, [](const ObjectFile::Relocation& relocation) {
    return std::tuple(relocation.section, relocation.offset, relocation.type, relocation.value);
  });
  // An absolute address in code makes it a program that has one place (-fno-pic).
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
    return malformed(fmt::format("relocates section {}, which is not there", header.sh_info),
                     section_place(index));
  }
  const auto& changed = file_.sections_[header.sh_info];
  if (!changed.is_loaded()) {
    return {};  // such as debug information: no query looks at those
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
    // Without an addend of its own, the field has one: no compiler for x86-64 makes such.
    const auto symbol =
        with_addend ? address_of(symbols, GELF_R_SYM(read.r_info)) : std::optional<std::uint64_t>();
    const std::uint64_t value = symbol.value_or(0) + static_cast<std::uint64_t>(read.r_addend);
    file_.relocations_.push_back(
        {read.r_offset, value, header.sh_info, type, bytes, symbol.has_value()});
  }
  return {};
}

// Of a linked file, where nothing rests on them but the names of what it calls: what is not as it
// should be names nothing.
void ObjectReader::read_slots(Elf_Scn* section, std::size_t index) {
  GElf_Shdr header;
  GElf_Shdr symbols_header;
  Elf_Data* const data = elf_getdata(section, nullptr);
  if (!gelf_getshdr(section, &header) || header.sh_entsize != sizeof(Elf64_Rela) ||
      data == nullptr || !file_.sections_[index].is_loaded() ||
      header.sh_link >= file_.sections_.size() ||
      file_.sections_[header.sh_link].type != SHT_DYNSYM) {
    return;
  }
  Elf_Scn* const symbols = elf_getscn(elf_.get(), header.sh_link);
  Elf_Data* const symbols_data = elf_getdata(symbols, nullptr);
  if (!gelf_getshdr(symbols, &symbols_header) || symbols_data == nullptr) {
    return;
  }
  Elf_Data* const versions = symbol_table(header.sh_link).versions;
  const auto count = static_cast<int>(data->d_size / sizeof(Elf64_Rela));
  for (int entry = 0; entry < count; ++entry) {
    GElf_Rela relocation;
    GElf_Sym symbol;
    if (!gelf_getrela(data, entry, &relocation)) continue;
    const auto type = GELF_R_TYPE(relocation.r_info);
    const auto symbol_index = GELF_R_SYM(relocation.r_info);
    if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) ||
        symbol_index > std::numeric_limits<int>::max() ||
        !gelf_getsym(symbols_data, static_cast<int>(symbol_index), &symbol)) {
      continue;
    }
    // A version that NAME does not stand for: its code is not what callee(NAME) finds.
    GElf_Versym version = 0;
    const bool is_other_version =
        versions != nullptr && symbol.st_shndx != SHN_UNDEF &&
        gelf_getversym(versions, static_cast<int>(symbol_index), &version) &&
        (version & 0x8000) != 0;
    if (is_other_version) continue;
    const auto name = name_at(symbols_header.sh_link, symbol.st_name);
    if (name && !name->empty()) {
      file_.slots_.push_back({relocation.r_offset, *name});
    }
  }
}

}  // namespace fiberproof::verify
