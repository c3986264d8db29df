// Fills an ObjectFile from the bytes of a file with libelf, and checks that everything in it stays
// inside the file. The result holds plain values: libelf's handle lives no longer than the reader.
#pragma once

#include "verify/object/object_file.hpp"

#include <gelf.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fiberproof::verify {

class ObjectReader {
 public:
  /// On input an ObjectFile with its path and bytes. On output the rest of it is filled in.
  explicit ObjectReader(ObjectFile& into);

  [[nodiscard]] std::expected<void, ObjectError> read();

 private:
  using Result = std::expected<void, ObjectError>;

  // A symbol table with its companion tables; null where a table is missing.
  struct SymbolTable {
    std::size_t index;
    std::size_t names;
    Elf_Data* symbols;
    Elf_Data* sections;  // SHT_SYMTAB_SHNDX
    Elf_Data* versions;  // SHT_GNU_versym
  };

  // Where a symbol is: in a section, undefined (0), or in no section, such as an absolute one.
  struct SymbolPlace {
    std::uint32_t section;
    bool is_special;
  };

  Result read_header();
  Result read_tables();
  Result read_sections();
  Result check_form() const;
  Result read_groups();
  Result read_group(Elf_Scn* section, std::size_t index);
  Result read_segments();
  void take_segments_for_sections();
  Result place_sections();
  Result check_addresses() const;
  Result read_dynamic(std::uint64_t offset, std::uint64_t bytes);
  Result read_symbols(std::uint32_t table_type);
  Result read_symbol_table(Elf_Scn* section, std::size_t index);
  Result read_symbol(const SymbolTable& table, int entry);
  const SymbolTable& symbol_table(std::size_t index);
  std::string_view signature_of(const SymbolTable& table, std::uint32_t entry) const;
  std::vector<std::string_view> versions() const;
  std::uint32_t version_of(const SymbolTable& table, int entry, Symbol& symbol);
  Result read_relocations();
  Result read_relocation_section(Elf_Scn* section, std::size_t index);
  void read_bound_words(Elf_Scn* section, std::size_t index);
  bool name_symbol(BoundWord& word, std::size_t table, std::uint64_t symbol) const;
  void read_packed_words(std::size_t index);
  void add_packed_word(std::uint64_t address);
  void add_got_word(const SymbolTable& table, std::uint64_t number, std::uint64_t value);
  void sort_bound_words();

  /// A name in the string table in section `table`; an error says what is wrong with it.
  [[nodiscard]] std::expected<std::string_view, std::string> name_at(std::size_t table,
                                                                     std::size_t offset) const;
  /// Fails if its section number is in a table that the file does not have.
  [[nodiscard]] std::expected<SymbolPlace, std::string> read_raw(const SymbolTable& table,
                                                                 int entry, GElf_Sym& symbol) const;
  /// Where a relocation's symbol is, and where a jump by it may go.
  struct Target {
    std::uint64_t address;
    std::uint64_t first;
    std::uint64_t last;
    bool has_place;  // depends on where the code is loaded
  };
  /// The symbol's target, if it is known before the file is linked.
  std::optional<Target> target_of(const SymbolTable& table, std::uint64_t symbol) const;
  /// The word of the GOT for a symbol of a relocatable file.
  std::uint64_t got_address(std::uint64_t symbol) const;

  std::uint64_t external_address(std::uint64_t symbol) const;
  bool is_inside(std::uint64_t offset, std::uint64_t bytes) const;
  bool is_table(std::uint64_t offset, std::uint64_t count, std::size_t entry_bytes,
                std::size_t entry_bytes_expected) const;
  static std::string last_libelf_error();
  static std::string section_place(std::size_t index);
  std::unexpected<ObjectError> malformed(std::string reason, std::string place) const;
  std::unexpected<ObjectError> not_elf(std::string reason, std::string place) const;

  struct End {
    void operator()(Elf* elf) const;
  };

  ObjectFile& file_;
  std::uint64_t section_count_ = 0;  // as the file states it: libelf counts only those inside the
                                     // file
  std::uint64_t segment_count_ = 0;
  // Undefined symbols of a relocatable file are placed from here on.
  std::uint64_t external_base_ = 0;
  std::map<std::size_t, SymbolTable> tables_;  // symbol tables, by their section
  std::map<std::pair<std::size_t, std::uint32_t>, std::size_t> beside_tables_;  // by section and
                                                                                // type
  std::vector<std::string_view> versions_;    // by their number in the file
  std::vector<std::uint32_t> version_names_;  // the number of each version among the qualifiers
  std::uint32_t source_ = 0;                  // the latest STT_FILE, among the qualifiers
  std::unique_ptr<Elf, End> elf_;
};

}  // namespace fiberproof::verify
