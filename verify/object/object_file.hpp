// Reads an ELF file whose code is to be proved: x86-64, linked (executable or shared library) or
// relocatable. Everything is checked once, when the file is opened: a section, symbol or name that
// points outside the file is an error with its place, so that no query can read out of bounds. Two
// sections or segments of a linked file at one address are an error, too.
//
// A routine's bytes are those that will run: they lie in an executable section, in a linked file
// also in an executable segment that maps the section where it says, and no relocation changes
// them. A relocatable file is placed as a linker might place it: each loaded section, and each
// symbol that another file defines, gets an address of its own. A routine's bytes are then those
// that the relocations make for these addresses. Only relocations that just fill in a field are
// applied (psABI, table 4.9: R_X86_64_PC32, PLT32, 64, 32 and 32S); any other is an error.
//
// A linked file without a section table is read by its segments, each as one section.
//
// Names are views of the file's bytes, which all copies of an ObjectFile share. Memory use is a
// small multiple of the file's size, however its tables overlap. Relies on libelf; no type of it
// appears here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct ObjectError {
  enum class Kind {
    unreadable,  // not a regular file, or the system refuses
    not_elf,     // text, another architecture, bitcode
    malformed,   // an ELF file that points outside itself or contradicts itself
    not_found,   // no such symbol, section or address
    unsuitable,  // present, but cannot be proved: no function, no code, or ambiguous
    relocated    // its bytes are not final, in a way that is not modelled
  };
  Kind kind;
  std::string path;
  std::string reason;
  std::string place;  // byte, section or symbol
};

/// `fiberproof: FILE: reason (place)` in one line: a control character in a name is written `\x0a`.
std::string message(const ObjectError& error);

/// In the order of a linker's preference, weakest first.
enum class Binding : std::uint8_t { local, weak, global };

struct Symbol {
  std::string_view name;  // valid as long as the ObjectFile or a copy of it lives
  std::uint64_t address;
  std::uint64_t size;
  std::size_t section;  // index in the file; 0 if it has none
  bool is_function;
  std::uint8_t type = 0;     // STT_NOTYPE and so on (gABI, st_info)
  std::uint8_t binding = 0;  // STB_LOCAL and so on
  bool is_default_version = true;
  std::uint32_t qualifier = 0;  // see ObjectFile::qualifier
};

/// Bytes of a routine that a relocation filled in: a distance from the next instruction, or an
/// address.
struct RelocatedField {
  std::uint64_t offset;
  std::uint8_t bytes;
  bool is_relative;
  /// Where a jump by this field may go: the symbol that another file defines, or its section in
  /// this file.
  std::uint64_t target_first = 0;
  std::uint64_t target_last = ~std::uint64_t{0};
};

/// A word that the linker or the dynamic linker fills in before any code runs.
struct BoundWord {
  enum class Kind : std::uint8_t {
    symbol,   // the address of a symbol
    address,  // an address of this file: `value` as the file counts
    chosen,   // the result of a function of this file (R_X86_64_IRELATIVE)
    other     // not modelled: thread-local data, a copy, a sum
  };
  std::uint64_t address;
  Kind kind;
  // R_X86_64_JUMP_SLOT, GLOB_DAT or IRELATIVE, or a word of the GOT before the link: only the
  // dynamic linker's code changes it.
  bool is_for_jumps = false;
  std::string_view symbol = {};
  std::uint64_t value = 0;  // of a symbol that is defined or, before the link, placed here
  bool is_defined = false;
  bool is_weak = false;
  bool is_chosen = false;  // the symbol is an STT_GNU_IFUNC
};

struct Routine {
  std::string symbol;
  std::uint64_t address;
  std::vector<std::byte> bytes;
  std::vector<RelocatedField> relocated = {};  // by offset; empty in a linked file
};

struct Section {
  std::string name;
  std::uint64_t address;
  std::vector<std::byte> bytes;
};

/// A loaded executable section, as the file has it, before relocations.
struct CodeRange {
  std::uint64_t address;
  std::span<const std::byte> bytes;  // valid as long as the ObjectFile or a copy of it lives
};

class ObjectFile {
 public:
  [[nodiscard]] static std::expected<ObjectFile, ObjectError> open(
      const std::filesystem::path& path);

  /// Parses a file in memory; `path` is used only in messages.
  [[nodiscard]] static std::expected<ObjectFile, ObjectError> parse(std::string path,
                                                                    std::vector<std::byte> file);

  const std::string& path() const { return path_; }
  /// The whole file, as read.
  std::span<const std::byte> contents() const { return *file_; }
  bool is_relocatable() const { return relocatable_; }
  /// Whether it may be loaded anywhere: a shared library, a position-independent program, or an
  /// object file whose code has no absolute address.
  bool is_position_independent() const { return position_independent_; }

  /// The function of that name and nonzero size, from .symtab, or from .dynsym if .symtab lacks it.
  /// Like a linker, prefers a global symbol to a weak one, and a weak one to a local one; two
  /// equally strong ones are an error.
  [[nodiscard]] std::expected<Routine, ObjectError> routine(std::string_view symbol) const;

  /// The section of that name, with the relocations as in routine().
  [[nodiscard]] std::expected<Section, ObjectError> section(std::string_view name) const;

  /// The file's contents for loaded sections, by address, without anything that a relocation
  /// changes.
  [[nodiscard]] std::expected<std::span<const std::byte>, ObjectError> bytes(
      std::uint64_t address, std::size_t count) const;

  /// Code without a symbol, such as inlined code, with the same guarantees as routine().
  [[nodiscard]] std::expected<Routine, ObjectError> code(std::string name, std::uint64_t address,
                                                         std::uint64_t size) const;

  /// All of the file's code, lowest address first.
  std::vector<CodeRange> code_ranges() const;

  /// Where `pattern` begins in the file's loaded executable sections, lowest address first; nowhere
  /// if it is empty. Occurrences may overlap.
  std::vector<std::uint64_t> occurrences_in_code(std::span<const std::byte> pattern) const;

  /// The symbol at exactly this address, preferably a function; also one that another file defines.
  std::optional<std::string> symbol_at(std::uint64_t address) const;

  /// Where a call of this symbol goes: code of any size or none, or another file's symbol. The name
  /// of an executable section means its first byte, unless a symbol has that name.
  [[nodiscard]] std::expected<std::uint64_t, ObjectError> callee(std::string_view name) const;

  /// The function that begins at this address or covers it.
  std::optional<Symbol> function_holding(std::uint64_t address) const;

  /// The bytes from there to the end of its section, as the file has them, before relocations. An
  /// error says why there is no code.
  [[nodiscard]] std::expected<std::span<const std::byte>, ObjectError> stored_code(
      std::uint64_t address) const;

  /// The words that are filled in before any code runs, by address, at most one for each address.
  const std::vector<BoundWord>& bound_words() const { return bound_words_; }

  /// Whether a symbol of that name has a section here.
  bool defines(std::string_view name) const;

  /// The binding of the symbol that routine() and callee() would choose, code before data.
  std::optional<Binding> binding_of(std::string_view name) const;

  /// The signature of the section group (COMDAT) that defines the symbol: of several files with the
  /// group, a linker takes the first one's. Empty if it is in none.
  std::string_view group_of(std::string_view name) const;

  /// Whether this file defines or uses the symbol, or has a section of that name.
  bool knows(std::string_view name) const;

  /// Whether the symbol lies in an executable section.
  bool is_code(const Symbol& symbol) const;

  /// The source file of a local symbol (STT_FILE), or the version of a dynamic one; often neither.
  std::string_view qualifier(const Symbol& symbol) const { return qualifiers_[symbol.qualifier]; }

  /// The functions that the dynamic linker finds for this file.
  std::vector<std::string_view> slot_names() const;

  struct Place {
    std::string section;
    std::uint64_t offset;
  };
  /// The loaded section that holds this address, and the offset there.
  std::optional<Place> place_of(std::uint64_t address) const;

  /// Whether the loaded section that holds this address is writable; nothing if no section holds
  /// it.
  std::optional<bool> is_writable(std::uint64_t address) const;

  /// Every defined symbol of .symtab, then of .dynsym.
  const std::vector<Symbol>& symbols() const { return symbols_; }

  /// The symbols that a relocatable file uses and does not define, by address; each has its own.
  const std::vector<Symbol>& external_symbols() const { return external_symbols_; }

 private:
  friend class ObjectReader;

  struct SectionHeader {
    std::string_view name;
    std::uint32_t type;
    std::uint64_t flags;
    std::uint64_t address;
    std::uint64_t offset;
    std::uint64_t size;
    std::uint64_t alignment;
    std::string_view group = {};  // signature of its COMDAT group

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
  // In a relocatable file: bytes that the linker will change.
  struct Relocation {
    std::uint64_t offset;  // in its section
    std::uint64_t value;   // symbol + addend, if known
    std::uint32_t section;
    std::uint32_t type;
    std::uint8_t bytes;
    bool is_known;
    std::uint64_t target_first = 0;  // as in RelocatedField
    std::uint64_t target_last = 0;
  };

  ObjectFile() = default;

  std::unexpected<ObjectError> fail(ObjectError::Kind kind, std::string reason,
                                    std::string place) const;
  std::vector<const Symbol*> strongest(std::string_view name) const;
  [[nodiscard]] std::expected<Symbol, ObjectError> find_function(std::string_view name) const;
  std::string why_no_function(const Symbol& symbol) const;
  std::string why_no_symbol() const;
  std::string several(const std::vector<const Symbol*>& symbols) const;
  std::string place_text(const Symbol& symbol) const;
  std::uint64_t bytes_to_next(const Symbol& symbol) const;
  [[nodiscard]] std::expected<Routine, ObjectError> routine_of(const Symbol& symbol) const;
  [[nodiscard]] std::expected<void, ObjectError> check_code(const Symbol& symbol) const;
  [[nodiscard]] std::expected<void, ObjectError> check_final(const Symbol& symbol) const;
  [[nodiscard]] std::expected<void, ObjectError> relocate(const Symbol& symbol,
                                                          Routine& routine) const;
  [[nodiscard]] std::expected<RelocatedField, std::string> fill_in(const Relocation& relocation,
                                                                   const Symbol& symbol,
                                                                   std::span<std::byte> code) const;
  std::span<const std::byte> contents(const SectionHeader& header) const;
  const SectionHeader* code_section(std::string_view name) const;
  const SectionHeader* section_holding(std::uint64_t address, std::uint64_t count) const;

  std::string path_;
  std::shared_ptr<const std::vector<std::byte>> file_;
  bool relocatable_ = false;
  bool position_independent_ = false;
  bool code_is_relocated_ = false;  // DT_TEXTREL or DF_TEXTREL
  std::vector<SectionHeader> sections_;
  std::vector<Segment> segments_;
  std::vector<Symbol> symbols_;
  std::size_t symtab_count_ = 0;  // how many symbols are from .symtab
  std::vector<Symbol> external_symbols_;
  std::vector<std::string_view> qualifiers_{{}};
  std::vector<std::string_view> thread_local_names_;
  std::vector<Relocation> relocations_;  // by section, then offset
  std::vector<BoundWord> bound_words_;
};

/// The bytes of a regular file of at most 1 GiB.
[[nodiscard]] std::expected<std::vector<std::byte>, ObjectError> read_object_bytes(
    const std::filesystem::path& path);

}  // namespace fiberproof::verify
