#include "verify/x86/constant_memory_reader.hpp"

#include "verify/x86/code_library.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

using Content = FileContent;

constexpr std::uint64_t page_bytes = 4096;
// A relocation of unknown type is taken to change this many bytes.
constexpr std::uint64_t changed_bytes_max = 16;

std::uint64_t page_of(std::uint64_t address) {
  return address & ~(page_bytes - 1);
}

Content unknown(std::string why) {
  return {Content::Kind::unknown, 0, std::move(why)};
}

}  // namespace

void ConstantMemoryReader::read() {
  const auto header = record<Elf64_Ehdr>(0);
  if (!header) return give_up("its header cannot be read");
  is_program_ = header->e_type == ET_EXEC;
  read_segments();
  read_dynamic();
  read_section_headers();
  for (const Table& table : tables_) {
    table.is_packed ? read_packed_table(table) : read_table(table);
  }
}

template <class Record>
std::optional<Record> ConstantMemoryReader::record(std::uint64_t offset) const {
  const std::span<const std::byte> file = memory_.file_->contents();
  if (offset > file.size() || sizeof(Record) > file.size() - offset) return std::nullopt;
  Record read;
  std::memcpy(&read, file.data() + offset, sizeof read);
  return read;
}

std::optional<std::uint64_t> ConstantMemoryReader::offset_of(std::uint64_t address) const {
  for (const auto& segment : memory_.segments_) {
    if (address >= segment.begin && address - segment.begin < segment.file_bytes) {
      return segment.offset + (address - segment.begin);
    }
  }
  return std::nullopt;
}

std::string_view ConstantMemoryReader::name_at(std::uint64_t offset) const {
  const std::span<const std::byte> file = memory_.file_->contents();
  if (offset >= file.size()) return {};
  const auto* const begin = reinterpret_cast<const char*>(file.data()) + offset;
  const std::size_t length = strnlen(begin, file.size() - offset);
  return length == file.size() - offset ? std::string_view() : std::string_view(begin, length);
}

void ConstantMemoryReader::give_up(const char* reason) {
  if (memory_.unreadable_.empty()) memory_.unreadable_ = reason;
}

void ConstantMemoryReader::read_segments() {
  const auto header = record<Elf64_Ehdr>(0);
  for (std::uint64_t index = 0; index < header->e_phnum; ++index) {
    const auto segment = record<Elf64_Phdr>(header->e_phoff + index * sizeof(Elf64_Phdr));
    if (!segment) return give_up("its program headers cannot be read");
    const std::uint64_t end = segment->p_vaddr + segment->p_memsz;
    if (segment->p_type == PT_LOAD && segment->p_memsz != 0) {
      memory_.segments_.push_back({segment->p_vaddr, end, segment->p_offset, segment->p_filesz,
                                   (segment->p_flags & PF_W) != 0});
    } else if (segment->p_type == PT_GNU_RELRO) {
      // Rounded as the dynamic linker does: a page that holds anything else stays writable.
      memory_.protected_.push_back({page_of(segment->p_vaddr), page_of(end)});
    } else if (segment->p_type == PT_DYNAMIC) {
      dynamic_ = *segment;
    }
  }
}

void ConstantMemoryReader::read_dynamic() {
  if (!dynamic_) return;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic_->p_filesz;
       at += sizeof(Elf64_Dyn)) {
    const auto entry = record<Elf64_Dyn>(dynamic_->p_offset + at);
    if (!entry) return give_up("its dynamic section cannot be read");
    if (entry->d_tag == DT_NULL) break;
    read_dynamic_entry(*entry);
  }
  const auto symbols = offset_of(symbols_address_);
  const auto names = offset_of(names_address_);
  for (Table table : {by_loader_, of_calls_, packed_}) {
    if (table.bytes == 0) continue;
    const auto offset = offset_of(table.offset);
    if (!offset || !symbols || !names) return give_up("its relocations cannot be read");
    table.offset = *offset;
    table.symbols = *symbols;
    table.names = *names;
    tables_.push_back(table);
  }
}

void ConstantMemoryReader::read_dynamic_entry(const Elf64_Dyn& entry) {
  packed_.is_packed = true;
  switch (entry.d_tag) {
    case DT_SYMTAB: symbols_address_ = entry.d_un.d_ptr; break;
    case DT_STRTAB: names_address_ = entry.d_un.d_ptr; break;
    case DT_RELA: by_loader_.offset = entry.d_un.d_ptr; break;
    case DT_RELASZ: by_loader_.bytes = entry.d_un.d_val; break;
    case DT_JMPREL: of_calls_.offset = entry.d_un.d_ptr; break;
    case DT_PLTRELSZ: of_calls_.bytes = entry.d_un.d_val; break;
    case DT_RELR: packed_.offset = entry.d_un.d_ptr; break;
    case DT_RELRSZ: packed_.bytes = entry.d_un.d_val; break;
    case DT_REL: give_up("its relocations have no addends"); break;
    case DT_PLTREL:
      if (entry.d_un.d_val != DT_RELA) give_up("its relocations have no addends");
      break;
    case DT_TEXTREL: give_up("relocations change its read-only segments (DT_TEXTREL)"); break;
    case DT_BIND_NOW: binds_now_ = true; break;
    case DT_SYMBOLIC: is_symbolic_ = true; break;
    case DT_FLAGS:
      binds_now_ |= (entry.d_un.d_val & DF_BIND_NOW) != 0;
      is_symbolic_ |= (entry.d_un.d_val & DF_SYMBOLIC) != 0;
      if ((entry.d_un.d_val & DF_TEXTREL) != 0) {
        give_up("relocations change its read-only segments (DF_TEXTREL)");
      }
      break;
    case DT_FLAGS_1:
      binds_now_ |= (entry.d_un.d_val & DF_1_NOW) != 0;
      is_program_ |= (entry.d_un.d_val & DF_1_PIE) != 0;
      break;
    default: break;
  }
}

// A static program has its relocations (IRELATIVE) in sections only.
void ConstantMemoryReader::read_section_headers() {
  const auto header = record<Elf64_Ehdr>(0);
  const auto section = [&](std::uint64_t index) {
    return record<Elf64_Shdr>(header->e_shoff + index * sizeof(Elf64_Shdr));
  };
  const auto first = header->e_shoff == 0 ? std::nullopt : section(0);
  if (!first) return give_up("it has no section headers");
  const std::uint64_t count = header->e_shnum == 0 ? first->sh_size : header->e_shnum;
  for (std::uint64_t index = 1; index < count; ++index) {
    const auto read = section(index);
    if (!read) return give_up("its section headers cannot be read");
    if ((read->sh_flags & SHF_ALLOC) == 0 || read->sh_size == 0) continue;
    if (read->sh_type == SHT_REL) return give_up("its relocations have no addends");
    constexpr std::uint32_t packed_type = 19;  // SHT_RELR, which older headers do not know
    if (read->sh_type != SHT_RELA && read->sh_type != packed_type) continue;
    Table table{read->sh_offset, read->sh_size, 0, 0, read->sh_type == packed_type};
    if (read->sh_link != 0) {
      const auto symbols = section(read->sh_link);
      const auto names = symbols ? section(symbols->sh_link) : std::nullopt;
      if (!names) return give_up("its section headers cannot be read");
      table.symbols = symbols->sh_offset;
      table.names = names->sh_offset;
    }
    tables_.push_back(table);
  }
}

void ConstantMemoryReader::read_table(const Table& table) {
  for (std::uint64_t at = 0; at + sizeof(Elf64_Rela) <= table.bytes; at += sizeof(Elf64_Rela)) {
    const auto relocation = record<Elf64_Rela>(table.offset + at);
    if (!relocation) return give_up("its relocations cannot be read");
    if (ELF64_R_TYPE(relocation->r_info) == R_X86_64_NONE) continue;
    change(relocation->r_offset, relocated(*relocation, table));
  }
}

// gABI, SHT_RELR: an even entry is the address of a word, an odd one a bitmap of the next 63 words.
// The load address is added to each such word.
void ConstantMemoryReader::read_packed_table(const Table& table) {
  std::uint64_t next = 0;
  const auto add_base = [this](std::uint64_t place) {
    const auto offset = offset_of(place);
    const auto addend = offset ? record<std::uint64_t>(*offset) : std::nullopt;
    if (!addend) return give_up("its packed relocations change what the file does not hold");
    change(place, {8, {Content::Kind::constant, load_address(*memory_.file_, *addend)}});
  };
  for (std::uint64_t at = 0; at + 8 <= table.bytes; at += 8) {
    const auto entry = record<std::uint64_t>(table.offset + at);
    if (!entry) return give_up("its packed relocations cannot be read");
    if ((*entry & 1) == 0) {
      add_base(*entry);
      next = *entry + 8;
      continue;
    }
    for (unsigned bit = 1; bit < 64; ++bit) {
      if ((*entry >> bit & 1) != 0) add_base(next + (bit - 1) * std::uint64_t{8});
    }
    next += std::uint64_t{63} * 8;
  }
}

// Two identical tables are one table, seen in two ways.
void ConstantMemoryReader::change(std::uint64_t place, ConstantMemory::Relocated made) {
  memory_.changed_bytes_max_ =
      std::max({memory_.changed_bytes_max_, made.bytes, changed_bytes_max});
  const auto [known, is_new] = memory_.changed_.try_emplace(place, made);
  if (is_new || known->second == made) return;
  known->second = {changed_bytes_max, unknown("two relocations change it")};
}

ConstantMemory::Relocated ConstantMemoryReader::relocated(const Elf64_Rela& relocation,
                                                          const Table& table) {
  const auto type = static_cast<std::uint32_t>(ELF64_R_TYPE(relocation.r_info));
  const auto addend = static_cast<std::uint64_t>(relocation.r_addend);
  if (type == R_X86_64_RELATIVE) {
    return {8, {Content::Kind::constant, load_address(*memory_.file_, addend)}};
  }
  const bool is_of_symbol =
      type == R_X86_64_64 || type == R_X86_64_GLOB_DAT || type == R_X86_64_JUMP_SLOT;
  const std::uint64_t index = ELF64_R_SYM(relocation.r_info);
  const auto symbol = table.symbols == 0
                          ? std::nullopt
                          : record<Elf64_Sym>(table.symbols + index * sizeof(Elf64_Sym));
  if (is_of_symbol && symbol) {
    if (type == R_X86_64_JUMP_SLOT && !binds_now_) {
      return {8, unknown("it is bound when it is first called (link with -z now)")};
    }
    return of_symbol(*symbol, type == R_X86_64_64 ? addend : 0, table);
  }
  const std::uint64_t copied = type == R_X86_64_COPY && symbol ? symbol->st_size : 0;
  return {std::max(copied, changed_bytes_max),
          unknown(type == R_X86_64_IRELATIVE
                      ? std::string("a resolver chooses it when the file is loaded (IRELATIVE)")
                      : fmt::format("a relocation of type {} makes it", type))};
}

ConstantMemory::Relocated ConstantMemoryReader::of_symbol(const Elf64_Sym& symbol,
                                                          std::uint64_t addend,
                                                          const Table& table) const {
  const auto type = ELF64_ST_TYPE(symbol.st_info);
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  const bool is_defined = symbol.st_shndx != SHN_UNDEF && symbol.st_shndx < SHN_LORESERVE;
  if (type == STT_GNU_IFUNC || type == STT_TLS || symbol.st_shndx == SHN_ABS) {
    return {8, unknown("the value of its symbol is made when the file is loaded")};
  }
  // A protected object may be copied into a program that uses it; a protected function stays here.
  const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
  const bool is_own = binding == STB_LOCAL || is_program_ || is_symbolic_ ||
                      visibility == STV_HIDDEN || visibility == STV_INTERNAL ||
                      (visibility == STV_PROTECTED && type == STT_FUNC);
  if (is_defined && is_own) {
    return {8, {Content::Kind::constant, load_address(*memory_.file_, symbol.st_value) + addend}};
  }
  const std::string_view name = name_at(table.names + symbol.st_name);
  if (name.empty() || name.find_first_of("|\\") != std::string_view::npos) {
    return {8, unknown("its symbol has no name that can be used")};
  }
  return {8,
          {Content::Kind::symbol, addend, std::string(name), binding == STB_WEAK && !is_defined}};
}

}  // namespace fiberproof::verify
