// Reads what is to be proved out of an ELF file: x86-64, linked (executable or shared library) or
// relocatable. Everything is checked once, when the file is opened: a section, symbol or name that
// points outside the file is an error with its place, so that the queries cannot read past
// anything; and so is an address of a linked file that two sections or two segments have.
//
// A routine's bytes are those that will run: they lie in an executable section, in a linked file
// also in an executable segment that maps the section where it says, and no relocation changes
// them.
//
// Relies on libelf; no type of it appears here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct ObjectError {
  enum class Kind {
    unreadable,  // not a regular file, or the system refuses
    not_elf,     // something else: text, an archive, another architecture
    malformed,   // an ELF file that points outside itself or contradicts itself
    not_found,   // no such symbol, section or address
    unsuitable,  // it is there, but not what can be proved: no function, no code, ambiguous
    relocated    // its bytes are not final
  };
  Kind kind;
  std::string path;
  std::string reason;
  std::string place;  // byte, section or symbol
};

/// `fiberproof: FILE: reason (place)` in one line: a control character in a name is written `\x0a`.
std::string message(const ObjectError& error);

struct Symbol {
  std::string name;
  std::uint64_t address;  // in a relocatable file: the offset in its section
  std::uint64_t size;
  std::size_t section;  // index in the file; 0 where it has none
  bool is_function;
};

struct Routine {
  std::string symbol;
  std::uint64_t address;
  std::vector<std::byte> bytes;
};

struct Section {
  std::string name;
  std::uint64_t address;
  std::vector<std::byte> bytes;
};

class ObjectFile {
 public:
  static std::expected<ObjectFile, ObjectError> open(const std::filesystem::path& path);

  /// The same of a file that is in memory; `path` is only for messages.
  static std::expected<ObjectFile, ObjectError> parse(std::string path,
                                                      std::vector<std::byte> file);

  const std::string& path() const { return path_; }
  /// The whole file, as it was read.
  std::span<const std::byte> contents() const { return file_; }
  bool is_relocatable() const { return relocatable_; }
  /// Whether the loader may put it anywhere: a shared library or a position-independent program.
  bool is_position_independent() const { return position_independent_; }

  /// The function of that name and nonzero size, from .symtab, or from .dynsym where that has none.
  std::expected<Routine, ObjectError> routine(std::string_view symbol) const;

  std::expected<Section, ObjectError> section(std::string_view name) const;

  /// What the file holds for loaded sections, by address. Never of a relocatable file: it has none.
  std::expected<std::span<const std::byte>, ObjectError> bytes(std::uint64_t address,
                                                               std::size_t count) const;

  /// Code without a symbol, such as an inlined one: with the same guarantees as routine().
  std::expected<Routine, ObjectError> code(std::string name, std::uint64_t address,
                                           std::uint64_t size) const;

  /// Where `pattern` begins in loaded executable sections of a linked file, lowest address first;
  /// nowhere where it is empty. Occurrences may overlap.
  std::vector<std::uint64_t> occurrences_in_code(std::span<const std::byte> pattern) const;

  /// The symbol at exactly this address of a linked file, a function before anything else.
  std::optional<std::string> symbol_at(std::uint64_t address) const;

  struct Place {
    std::string section;
    std::uint64_t offset;
  };
  /// The loaded section of a linked file that holds this address, and the offset there.
  std::optional<Place> place_of(std::uint64_t address) const;

  /// Every defined symbol of .symtab, then of .dynsym.
  const std::vector<Symbol>& symbols() const { return symbols_; }

 private:
  friend class ObjectReader;

  struct SectionHeader {
    std::string name;
    std::uint32_t type;
    std::uint64_t flags;
    std::uint64_t address;
    std::uint64_t offset;
    std::uint64_t size;

    bool is_loaded() const;
    bool has_addresses() const;
    bool has_bytes() const;
    bool holds(std::uint64_t from, std::uint64_t count) const;
  };
  struct Segment {
    bool executable;
    bool writable;
    std::uint64_t address;
    std::uint64_t offset;
    std::uint64_t file_bytes;
    std::uint64_t memory_bytes;
  };
  // Of a relocatable file: what the linker will change, by section and offset.
  struct Relocation {
    std::size_t section;
    std::uint64_t offset;
    std::uint64_t bytes;
  };

  ObjectFile() = default;

  std::unexpected<ObjectError> fail(ObjectError::Kind kind, std::string reason,
                                    std::string place) const;
  std::expected<Symbol, ObjectError> find_function(std::string_view name) const;
  std::expected<void, ObjectError> check_code(const Symbol& symbol) const;
  std::expected<void, ObjectError> check_final(const Symbol& symbol) const;
  std::span<const std::byte> contents(const SectionHeader& header) const;
  const SectionHeader* section_holding(std::uint64_t address, std::uint64_t count) const;

  std::string path_;
  std::vector<std::byte> file_;
  bool relocatable_ = false;
  bool position_independent_ = false;
  bool code_is_relocated_ = false;  // DT_TEXTREL or DF_TEXTREL
  std::vector<SectionHeader> sections_;
  std::vector<Segment> segments_;
  std::vector<Symbol> symbols_;
  std::size_t symtab_count_ = 0;  // how many of them are from .symtab
  std::vector<Relocation> relocations_;
};

}  // namespace fiberproof::verify
