// The reader's second half: the tables of symbols and of relocations, whose sections are known.
#include "verify/machine/object_reader.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

namespace fiberproof::verify {
namespace {

// psABI, table 4.9: how many bytes the linker writes. What is not known is taken for the most.
std::uint64_t relocation_bytes(std::uint64_t type) {
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

}  // namespace

ObjectReader::Result ObjectReader::read_symbols(std::uint32_t table_type) {
  for (std::size_t index = 1; index < file_.sections_.size(); ++index) {
    if (file_.sections_[index].type == table_type) {
      if (Result read = read_symbol_table(elf_getscn(elf_.get(), index), index); !read) {
        return read;
      }
    }
  }
  return {};
}

ObjectReader::Result ObjectReader::read_symbol_table(Elf_Scn* section, std::size_t index) {
  GElf_Shdr header;
  Elf_Data* const data = elf_getdata(section, nullptr);
  if (!gelf_getshdr(section, &header) || header.sh_entsize != sizeof(Elf64_Sym) ||
      data == nullptr) {
    return malformed("not a table of symbols", section_place(index));
  }
  const auto count = static_cast<int>(data->d_size / sizeof(Elf64_Sym));
  for (int entry = 1; entry < count; ++entry) {
    GElf_Sym symbol;
    if (!gelf_getsym(data, entry, &symbol)) {
      return malformed(last_libelf_error(), section_place(index));
    }
    if (symbol.st_shndx == SHN_UNDEF) {
      continue;
    }
    const char* const name = elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
    if (name == nullptr) {
      return malformed(fmt::format("the name of symbol {} is outside its table", entry),
                       section_place(index));
    }
    const bool has_section =
        symbol.st_shndx < SHN_LORESERVE && symbol.st_shndx < file_.sections_.size();
    const auto type = GELF_ST_TYPE(symbol.st_info);
    if (*name != '\0' && type != STT_SECTION && type != STT_FILE && type != STT_TLS) {
      file_.symbols_.push_back({name, symbol.st_value, symbol.st_size,
                                has_section ? symbol.st_shndx : std::size_t{0}, type == STT_FUNC});
    }
  }
  return {};
}

ObjectReader::Result ObjectReader::read_relocations() {
  for (std::size_t index = 1; file_.relocatable_ && index < file_.sections_.size(); ++index) {
    const std::uint32_t type = file_.sections_[index].type;
    if (type == SHT_RELA || type == SHT_REL) {
      if (Result read = read_relocation_section(elf_getscn(elf_.get(), index), index); !read) {
        return read;
      }
    }
  }
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
  const auto count = static_cast<int>(data->d_size / entry_bytes);
  for (int entry = 0; entry < count; ++entry) {
    GElf_Rela with{};
    GElf_Rel without{};
    if (with_addend ? !gelf_getrela(data, entry, &with) : !gelf_getrel(data, entry, &without)) {
      return malformed(last_libelf_error(), section_place(index));
    }
    const std::uint64_t info = with_addend ? with.r_info : without.r_info;
    file_.relocations_.push_back({header.sh_info, with_addend ? with.r_offset : without.r_offset,
                                  relocation_bytes(GELF_R_TYPE(info))});
  }
  return {};
}

}  // namespace fiberproof::verify
