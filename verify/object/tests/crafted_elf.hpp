// Builds ELF files for tests, section by section: files that no compiler makes, or that take 65,000
// sections to make.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

template <typename Record>
std::string bytes_of_records(const std::vector<Record>& records) {
  return {reinterpret_cast<const char*>(records.data()), records.size() * sizeof(Record)};
}

// Omitted fields are 0, or filled in by CraftedElf.
inline Elf64_Shdr section_header(std::uint32_t type, std::uint64_t flags = 0,
                                 std::uint32_t link = 0, std::uint32_t info = 0,
                                 std::uint64_t entry_bytes = 0) {
  return {0, type, flags, 0, 0, 0, link, info, 16, entry_bytes};
}

class CraftedElf {
 public:
  explicit CraftedElf(std::uint16_t type = ET_REL) : type_(type) {
    add("", Elf64_Shdr{}, "");
    names_ = add(".strtab", section_header(SHT_STRTAB), "");
  }

  /// Returns its number. CraftedElf fills in what the header omits.
  std::uint32_t add(const std::string& name, Elf64_Shdr header, std::string contents) {
    header.sh_name = text(name);
    if (header.sh_size == 0) header.sh_size = contents.size();
    sections_.push_back({header, std::move(contents)});
    return static_cast<std::uint32_t>(sections_.size() - 1);
  }

  std::uint32_t add_code(const std::string& name, std::string code) {
    return add(name, section_header(SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR), std::move(code));
  }

  std::uint32_t add_symbols(const std::vector<Elf64_Sym>& symbols,
                            std::uint32_t type = SHT_SYMTAB) {
    std::vector<Elf64_Sym> all{Elf64_Sym{}};
    all.insert(all.end(), symbols.begin(), symbols.end());
    return add(type == SHT_SYMTAB ? ".symtab" : ".dynsym",
               section_header(type, 0, names_, 1, sizeof(Elf64_Sym)), bytes_of_records(all));
  }

  std::uint32_t text(std::string_view name) {
    const auto at = static_cast<std::uint32_t>(names_text_.size());
    (names_text_ += name) += '\0';
    return at;
  }

  Elf64_Sym symbol(std::string_view name, unsigned binding, unsigned type, std::uint16_t section,
                   std::uint64_t value, std::uint64_t size) {
    return {text(name), static_cast<unsigned char>(ELF64_ST_INFO(binding, type)), 0, section, value,
            size};
  }

  Elf64_Shdr& header(std::uint32_t section) { return sections_[section].header; }
  std::uint32_t names() const { return names_; }
  void set_segments(std::vector<Elf64_Phdr> segments) { segments_ = std::move(segments); }

  /// `has_sections` false: without the section table, as sstrip leaves it.
  std::vector<std::byte> file(bool has_sections = true) {
    sections_[names_].contents = names_text_;
    header(names_).sh_size = names_text_.size();
    std::string made(sizeof(Elf64_Ehdr), '\0');
    const std::uint64_t segments_at = append(made, bytes_of_records(segments_));
    std::vector<Elf64_Shdr> headers;
    for (Section& section : sections_) {
      if (section.header.sh_type != SHT_NULL)
        section.header.sh_offset = append(made, section.contents);
      headers.push_back(section.header);
    }
    const std::uint64_t table_at = has_sections ? append(made, bytes_of_records(headers)) : 0;
    const Elf64_Ehdr start{
        {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        type_,
        EM_X86_64,
        EV_CURRENT,
        0,
        segments_.empty() ? 0 : segments_at,
        table_at,
        0,
        sizeof(Elf64_Ehdr),
        sizeof(Elf64_Phdr),
        static_cast<std::uint16_t>(segments_.size()),
        sizeof(Elf64_Shdr),
        static_cast<std::uint16_t>(has_sections ? headers.size() : 0),
        static_cast<std::uint16_t>(has_sections ? names_ : 0)};
    std::memcpy(made.data(), &start, sizeof start);
    std::vector<std::byte> bytes(made.size());
    std::memcpy(bytes.data(), made.data(), made.size());
    return bytes;
  }

 private:
  struct Section {
    Elf64_Shdr header;
    std::string contents;
  };

  static std::uint64_t append(std::string& made, const std::string& contents) {
    made.resize((made.size() + 15) / 16 * 16);
    const std::uint64_t at = made.size();
    made += contents;
    return at;
  }

  std::uint16_t type_;
  std::uint32_t names_ = 0;
  std::string names_text_;
  std::vector<Section> sections_;
  std::vector<Elf64_Phdr> segments_;
};

}  // namespace fiberproof::verify
