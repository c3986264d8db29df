#include "verify/machine/object_reader.hpp"

#include <ar.h>
#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <cstring>
#include <utility>

namespace fiberproof::verify {
namespace {

std::string last_libelf_error() {
  const char* const text = elf_errmsg(-1);
  return text == nullptr ? "libelf gives no reason" : text;
}

std::string section_place(std::size_t index) { return fmt::format("section {}", index); }

// psABI, table 4.9: how many bytes the linker writes. What is not known is taken for the most.
std::uint64_t relocation_bytes(std::uint64_t type) {
  switch (type) {
    case R_X86_64_NONE:
      return 0;
    case R_X86_64_8:
    case R_X86_64_PC8:
      return 1;
    case R_X86_64_16:
    case R_X86_64_PC16:
      return 2;
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
    case R_X86_64_DTPOFF32:
      return 4;
    default:
      return 8;
  }
}

}  // namespace

void ObjectReader::End::operator()(Elf* elf) const { elf_end(elf); }

ObjectReader::ObjectReader(ObjectFile& into) : file_(into) { elf_version(EV_CURRENT); }

bool ObjectReader::is_inside(std::uint64_t offset, std::uint64_t bytes) const {
  return offset <= file_.file_.size() && bytes <= file_.file_.size() - offset;
}

std::unexpected<ObjectError> ObjectReader::malformed(std::string reason,
                                                     std::string place) const {
  return file_.fail(ObjectError::Kind::malformed, std::move(reason), std::move(place));
}

std::unexpected<ObjectError> ObjectReader::not_elf(std::string reason, std::string place) const {
  return file_.fail(ObjectError::Kind::not_elf, std::move(reason), std::move(place));
}

ObjectReader::Result ObjectReader::read() {
  const auto symtab = [&] {
    Result read = read_symbols(SHT_SYMTAB);
    file_.symtab_count_ = file_.symbols_.size();
    return read;
  };
  Result done = read_header();
  done = done ? read_sections() : done;
  done = done ? read_segments() : done;
  done = done ? symtab() : done;
  done = done ? read_symbols(SHT_DYNSYM) : done;
  return done ? read_relocations() : done;
}

ObjectReader::Result ObjectReader::read_header() {
  std::vector<std::byte>& bytes = file_.file_;
  if (bytes.empty()) {
    return not_elf("an empty file", "byte 0");
  }
  if (bytes.size() < EI_NIDENT || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0) {
    const bool archive =
        bytes.size() >= SARMAG && std::memcmp(bytes.data(), ARMAG, SARMAG) == 0;
    return not_elf(archive ? "an archive, not an ELF file: name one of its members"
                           : "not an ELF file",
                   fmt::format("byte 0: {:02x}", static_cast<unsigned>(bytes[0])));
  }
  if (static_cast<unsigned char>(bytes[EI_CLASS]) != ELFCLASS64 ||
      static_cast<unsigned char>(bytes[EI_DATA]) != ELFDATA2LSB) {
    return not_elf("not a 64-bit little-endian ELF file", fmt::format("byte {}", EI_CLASS));
  }
  if (!is_inside(0, sizeof(Elf64_Ehdr))) {
    return malformed("the file ends within its header", fmt::format("byte {}", bytes.size()));
  }
  elf_.reset(elf_memory(reinterpret_cast<char*>(bytes.data()), bytes.size()));
  GElf_Ehdr header;
  if (!elf_ || elf_kind(elf_.get()) != ELF_K_ELF || !gelf_getehdr(elf_.get(), &header)) {
    return malformed("libelf refuses it: " + last_libelf_error(), "header");
  }
  if (header.e_machine != EM_X86_64) {
    return not_elf(fmt::format("machine {} is not x86-64", header.e_machine), "e_machine");
  }
  if (header.e_type != ET_REL && header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return not_elf(fmt::format("type {} is no program, library or object", header.e_type),
                   "e_type");
  }
  file_.relocatable_ = header.e_type == ET_REL;
  file_.position_independent_ = header.e_type == ET_DYN;
  const std::uint64_t table_bytes = std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr);
  if (header.e_shoff != 0 && (header.e_shentsize != sizeof(Elf64_Shdr) ||
                              !is_inside(header.e_shoff, table_bytes))) {
    return malformed("the table of sections ends outside the file",
                     fmt::format("byte {:#x} of {:#x}", header.e_shoff, bytes.size()));
  }
  return {};
}

ObjectReader::Result ObjectReader::read_sections() {
  std::size_t count = 0;
  std::size_t names = 0;
  if (elf_getshdrnum(elf_.get(), &count) != 0 ||
      (count != 0 && elf_getshdrstrndx(elf_.get(), &names) != 0)) {
    return malformed("no table of sections: " + last_libelf_error(), "e_shoff");
  }
  for (std::size_t index = 0; index < count; ++index) {
    Elf_Scn* const section = elf_getscn(elf_.get(), index);
    GElf_Shdr header;
    if (section == nullptr || !gelf_getshdr(section, &header)) {
      return malformed(last_libelf_error(), section_place(index));
    }
    const bool bytes_in_file = header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL;
    if (bytes_in_file && !is_inside(header.sh_offset, header.sh_size)) {
      return malformed(fmt::format("ends outside the file: {:#x} bytes at {:#x} of {:#x}",
                                   header.sh_size, header.sh_offset, file_.file_.size()),
                       section_place(index));
    }
    if (header.sh_addr + header.sh_size < header.sh_addr) {
      return malformed("ends outside the address space", section_place(index));
    }
    const char* const name = elf_strptr(elf_.get(), names, header.sh_name);
    if (name == nullptr && index != 0) {
      return malformed("its name is outside the table of names", section_place(index));
    }
    file_.sections_.push_back({name == nullptr ? "" : name, header.sh_type, header.sh_flags,
                               header.sh_addr, header.sh_offset, header.sh_size});
  }
  return {};
}

ObjectReader::Result ObjectReader::read_segments() {
  std::size_t count = 0;
  if (elf_getphdrnum(elf_.get(), &count) != 0) {
    return malformed("no table of segments: " + last_libelf_error(), "e_phoff");
  }
  for (std::size_t index = 0; index < count; ++index) {
    const std::string place = fmt::format("segment {}", index);
    GElf_Phdr header;
    if (!gelf_getphdr(elf_.get(), static_cast<int>(index), &header)) {
      return malformed(last_libelf_error(), place);
    }
    if (header.p_type != PT_LOAD && header.p_type != PT_DYNAMIC) {
      continue;
    }
    if (!is_inside(header.p_offset, header.p_filesz) ||
        header.p_vaddr + header.p_filesz < header.p_vaddr) {
      return malformed("ends outside the file", place);
    }
    if (header.p_type == PT_LOAD) {
      file_.segments_.push_back({(header.p_flags & PF_X) != 0, (header.p_flags & PF_W) != 0,
                                 header.p_vaddr, header.p_offset, header.p_filesz});
    } else if (Result read = read_dynamic(header.p_offset, header.p_filesz); !read) {
      return read;
    }
  }
  return {};
}

ObjectReader::Result ObjectReader::read_dynamic(std::uint64_t offset, std::uint64_t bytes) {
  Elf_Data* const data =
      elf_getdata_rawchunk(elf_.get(), static_cast<std::int64_t>(offset), bytes, ELF_T_DYN);
  if (data == nullptr && bytes != 0) {
    return malformed(last_libelf_error(), "dynamic segment");
  }
  const auto count = static_cast<int>(bytes / sizeof(Elf64_Dyn));
  for (int index = 0; index < count; ++index) {
    GElf_Dyn entry;
    if (!gelf_getdyn(data, index, &entry)) {
      return malformed(last_libelf_error(), fmt::format("dynamic entry {}", index));
    }
    if (entry.d_tag == DT_NULL) {
      break;
    }
    if (entry.d_tag == DT_TEXTREL ||
        (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)) {
      file_.code_is_relocated_ = true;
    }
  }
  return {};
}

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
    if (*name != '\0' && type != STT_SECTION && type != STT_FILE &&
        type != STT_TLS) {
      file_.symbols_.push_back({name, symbol.st_value, symbol.st_size,
                                has_section ? symbol.st_shndx : std::size_t{0},
                                type == STT_FUNC});
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
