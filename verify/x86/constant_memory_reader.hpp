// Reads for ConstantMemory which parts of a linked file are mapped, which of them are protected
// after relocation, and what the relocations store in their words.
#pragma once

#include "verify/x86/constant_memory.hpp"

#include <elf.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace fiberproof::verify {

class ConstantMemoryReader {
 public:
  explicit ConstantMemoryReader(ConstantMemory& into) : memory_(into) {}

  void read();

 private:
  // A relocation table with its symbols and names, as offsets in the file.
  struct Table {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t symbols = 0;
    std::uint64_t names = 0;
    bool is_packed = false;  // DT_RELR
  };

  void read_segments();
  void read_dynamic();
  void read_dynamic_entry(const Elf64_Dyn& entry);
  void read_section_headers();
  void read_table(const Table& table);
  void read_packed_table(const Table& table);
  void change(std::uint64_t place, ConstantMemory::Relocated made);
  ConstantMemory::Relocated relocated(const Elf64_Rela& relocation, const Table& table);
  ConstantMemory::Relocated of_symbol(const Elf64_Sym& symbol, std::uint64_t addend,
                                      const Table& table) const;

  template <class Record>
  std::optional<Record> record(std::uint64_t offset) const;
  std::optional<std::uint64_t> offset_of(std::uint64_t address) const;
  std::string_view name_at(std::uint64_t offset) const;
  void give_up(const char* reason);

  ConstantMemory& memory_;
  std::optional<Elf64_Phdr> dynamic_;
  std::vector<Table> tables_;
  std::uint64_t symbols_address_ = 0;
  std::uint64_t names_address_ = 0;
  Table by_loader_;           // DT_RELA
  Table of_calls_;            // DT_JMPREL
  Table packed_;              // DT_RELR
  bool is_program_ = false;   // nobody replaces its own symbols
  bool is_symbolic_ = false;  // a library that looks for symbols in itself first
  bool binds_now_ = false;
};

}  // namespace fiberproof::verify
