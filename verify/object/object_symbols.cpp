// The reader, part 2: tables of symbols, of their versions and of section groups.
#include "verify/object/object_reader.hpp"

#include <fmt/format.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace fiberproof::verify {

ObjectReader::Result ObjectReader::read_symbols(std::uint32_t table_type) {
  std::size_t tables = 0;
  for (std::size_t index = 1; index < file_.sections_.size(); ++index) {
    if (file_.sections_[index].type == table_type) {
      // gABI, sh_type. The address of an external symbol is computed from its number in the table.
      if (file_.relocatable_ && ++tables > 1) {
        return malformed("a second table of symbols", section_place(index));
      }
      if (Result read = read_symbol_table(elf_getscn(elf_.get(), index), index); !read) {
        return read;
      }
    }
  }
  return {};
}

// Many sections have relocations by one symbol table: its companions are looked for once.
const ObjectReader::SymbolTable& ObjectReader::symbol_table(std::size_t index) {
  const auto data = [&](std::size_t at) {
    return elf_getdata(elf_getscn(elf_.get(), at), nullptr);
  };
  const auto known = tables_.find(index);
  if (known != tables_.end()) return known->second;
  SymbolTable table{index, 0, nullptr, nullptr, nullptr};
  GElf_Shdr header;
  if (index < file_.sections_.size() && gelf_getshdr(elf_getscn(elf_.get(), index), &header) &&
      header.sh_entsize == sizeof(Elf64_Sym)) {
    table.names = header.sh_link;
    table.symbols = data(index);
    const auto beside = [&](std::uint32_t type) {
      const auto found = beside_tables_.find({index, type});
      return found == beside_tables_.end() ? nullptr : data(found->second);
    };
    table.sections = beside(SHT_SYMTAB_SHNDX);
    table.versions = beside(SHT_GNU_versym);
  }
  return tables_.emplace(index, table).first->second;
}

std::expected<ObjectReader::SymbolPlace, std::string> ObjectReader::read_raw(
    const SymbolTable& table, int entry, GElf_Sym& symbol) const {
  Elf32_Word extended = 0;
  if (!gelf_getsymshndx(table.symbols, table.sections, entry, &symbol, &extended)) {
    return std::unexpected(fmt::format("symbol {} has no section: {}", entry, last_libelf_error()));
  }
  // gABI, st_shndx: a number that does not fit is in a companion table.
  if (symbol.st_shndx == SHN_XINDEX) {
    if (table.sections == nullptr || extended >= file_.sections_.size()) {
      return std::unexpected(
          fmt::format("the section of symbol {} is not in the table .symtab_shndx", entry));
    }
    return SymbolPlace{extended, false};
  }
  const bool is_special =
      symbol.st_shndx >= SHN_LORESERVE || symbol.st_shndx >= file_.sections_.size();
  return SymbolPlace{is_special ? 0u : symbol.st_shndx, is_special};
}

ObjectReader::Result ObjectReader::read_symbol_table(Elf_Scn* section, std::size_t index) {
  const SymbolTable& table = symbol_table(index);
  if (section == nullptr || table.symbols == nullptr) {
    return malformed("not a table of symbols", section_place(index));
  }
  if (file_.sections_[index].type == SHT_DYNSYM) versions_ = versions();
  version_names_.assign(versions_.size(), 0);
  source_ = 0;
  const auto count = static_cast<int>(table.symbols->d_size / sizeof(Elf64_Sym));
  file_.symbols_.reserve(file_.symbols_.size() + static_cast<std::size_t>(count));
  for (int entry = 1; entry < count; ++entry) {
    if (Result read = read_symbol(table, entry); !read) return read;
  }
  return {};
}

ObjectReader::Result ObjectReader::read_symbol(const SymbolTable& table, int entry) {
  GElf_Sym symbol;
  const auto place = read_raw(table, entry, symbol);
  if (!place) return malformed(place.error(), section_place(table.index));
  const auto name = name_at(table.names, symbol.st_name);
  const bool is_external = !place->is_special && place->section == SHN_UNDEF;
  if (!name && !is_external) {
    return malformed(fmt::format("the name of symbol {} {}", entry, name.error()),
                     section_place(table.index));
  }
  const unsigned type = GELF_ST_TYPE(symbol.st_info);
  if (!name || name->empty() || type == STT_SECTION) return {};
  if (type == STT_FILE) {
    source_ = static_cast<std::uint32_t>(file_.qualifiers_.size());
    file_.qualifiers_.push_back(*name);
    return {};
  }
  if (type == STT_TLS) {
    file_.thread_local_names_.push_back(*name);
    return {};
  }
  Symbol made{*name,
              0,
              symbol.st_size,
              0,
              type == STT_FUNC,
              static_cast<std::uint8_t>(type),
              static_cast<std::uint8_t>(GELF_ST_BIND(symbol.st_info))};
  if (is_external) {
    if (file_.relocatable_ && file_.sections_[table.index].type == SHT_SYMTAB) {
      made.address = external_address(static_cast<std::uint64_t>(entry));
      made.size = 0;
      made.is_function = false;
      file_.external_symbols_.push_back(made);
    }
    return {};
  }
  const auto& in = file_.sections_[place->section];
  if (file_.relocatable_ && !place->is_special && symbol.st_value > in.size) {
    return malformed(fmt::format("symbol {} is outside its section", entry),
                     section_place(table.index));
  }
  // In a relocatable file, symbols are offsets in their sections (gABI, st_value).
  made.address = symbol.st_value + (file_.relocatable_ && !place->is_special ? in.address : 0);
  made.section = place->section;
  made.qualifier = made.binding == STB_LOCAL ? source_ : version_of(table, entry, made);
  file_.symbols_.push_back(made);
  return {};
}

// Names of the versions that this file defines, by their numbers (Linux Standard Base, symbol
// versioning). A malformed entry has no name.
std::vector<std::string_view> ObjectReader::versions() const {
  std::vector<std::string_view> names;
  for (std::size_t index = 1; index < file_.sections_.size(); ++index) {
    Elf_Scn* const section = elf_getscn(elf_.get(), index);
    GElf_Shdr header;
    if (file_.sections_[index].type != SHT_GNU_verdef || !gelf_getshdr(section, &header)) continue;
    Elf_Data* const data = elf_getdata(section, nullptr);
    std::uint64_t at = 0;
    while (data != nullptr && at < data->d_size) {
      GElf_Verdef version;
      GElf_Verdaux first;
      if (!gelf_getverdef(data, static_cast<int>(at), &version) ||
          !gelf_getverdaux(data, static_cast<int>(at + version.vd_aux), &first)) {
        break;
      }
      constexpr std::size_t hidden = 0x8000;
      const std::size_t number = version.vd_ndx & (hidden - 1);
      const auto name = name_at(header.sh_link, first.vda_name);
      // The first one names the file.
      if (name && number > 1) {
        names.resize(std::max(names.size(), number + 1));
        names[number] = *name;
      }
      if (version.vd_next == 0) break;
      at += version.vd_next;
    }
    break;  // a file has at most one such table
  }
  return names;
}

std::uint32_t ObjectReader::version_of(const SymbolTable& table, int entry, Symbol& symbol) {
  GElf_Versym version = 0;
  if (table.versions == nullptr || !gelf_getversym(table.versions, entry, &version)) return 0;
  constexpr unsigned hidden = 0x8000;
  const std::size_t number = version & (hidden - 1);
  symbol.is_default_version = (version & hidden) == 0;
  if (number >= versions_.size() || versions_[number].empty()) return 0;
  if (version_names_[number] == 0) {
    version_names_[number] = static_cast<std::uint32_t>(file_.qualifiers_.size());
    file_.qualifiers_.push_back(versions_[number]);
  }
  return version_names_[number];
}

ObjectReader::Result ObjectReader::read_groups() {
  for (std::size_t index = 1; file_.relocatable_ && index < file_.sections_.size(); ++index) {
    if (file_.sections_[index].type != SHT_GROUP) continue;
    if (Result read = read_group(elf_getscn(elf_.get(), index), index); !read) return read;
  }
  return {};
}

std::string_view ObjectReader::signature_of(const SymbolTable& table, std::uint32_t entry) const {
  GElf_Sym symbol;
  if (table.symbols == nullptr || entry > std::uint32_t{std::numeric_limits<int>::max()}) return {};
  const auto place = read_raw(table, static_cast<int>(entry), symbol);
  if (!place) return {};
  if (GELF_ST_TYPE(symbol.st_info) == STT_SECTION) return file_.sections_[place->section].name;
  return name_at(table.names, symbol.st_name).value_or("");
}

// gABI, section groups: flags, then the members' section numbers.
ObjectReader::Result ObjectReader::read_group(Elf_Scn* section, std::size_t index) {
  GElf_Shdr header;
  if (!gelf_getshdr(section, &header)) return malformed(last_libelf_error(), section_place(index));
  const auto bytes = file_.contents(file_.sections_[index]);
  const auto word = [bytes](std::size_t at) {
    Elf32_Word value = 0;
    std::memcpy(&value, bytes.data() + at * sizeof value, sizeof value);
    return value;
  };
  const std::size_t words = bytes.size() / sizeof(Elf32_Word);
  if (words == 0 || (word(0) & GRP_COMDAT) == 0) return {};
  const std::string_view name = signature_of(symbol_table(header.sh_link), header.sh_info);
  for (std::size_t at = 1; at < words; ++at) {
    if (word(at) >= file_.sections_.size()) {
      return malformed(fmt::format("its member {} does not exist", word(at)), section_place(index));
    }
    file_.sections_[word(at)].group = name;
  }
  return {};
}

}  // namespace fiberproof::verify
