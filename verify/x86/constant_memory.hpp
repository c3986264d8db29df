// The contents of a file's own memory while its code runs: the bytes of read-only segments, and the
// words that the dynamic linker relocates and then protects (PT_GNU_RELRO). Two sources must agree
// on every address, or its contents are unknown: the loader's (program headers and dynamic section)
// and the section headers.
//
// A word is known if no relocation changes it, or if one does whose value is independent of other
// files: the address of a symbol here that no other file can replace. If another file may define
// the symbol, only the symbol's name is known. Anything that code may write is a variable,
// including a slot that is bound at its first use.
//
// In a relocatable file, only read-only sections are known, where no relocation changes them, and
// the words of the GOT that a linker will make for symbols of other files.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fiberproof::verify {

/// The contents at an address.
struct FileContent {
  enum class Kind : std::uint8_t {
    nothing,   ///< the file has no memory there
    constant,  ///< `value`, zero-extended
    symbol,    ///< the address of `name`, plus `value`; another file may define it
    variable,  ///< code may write it: `name` says what it is
    unknown,   ///< read-only, but the contents are unknown: `name` says why
  };
  Kind kind = Kind::nothing;
  std::uint64_t value = 0;
  std::string name = {};
  bool is_weak = false;  ///< the symbol may be undefined: then its address is 0
};

class ConstantMemory {
 public:
  /// `file` must outlive it.
  explicit ConstantMemory(const ObjectFile& file);

  /// The contents of `bytes` (1 to 8) bytes at an address as load_address() gives it.
  FileContent at(std::uint64_t address, unsigned bytes) const;

  /// Whether a store there faults: no code can write any of these bytes.
  bool is_read_only(std::uint64_t address, unsigned bytes) const;

  /// [first, second) around everything that the file maps, as load_address() gives it.
  std::pair<std::uint64_t, std::uint64_t> extent() const { return extent_; }

 private:
  friend class ConstantMemoryReader;

  struct Segment {
    std::uint64_t begin;
    std::uint64_t end;
    std::uint64_t offset;      // of its bytes in the file
    std::uint64_t file_bytes;  // the rest is zero, or filled in by the loader
    bool is_writable;
  };
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
  };
  // The result of a relocation of the word at this place.
  struct Relocated {
    std::uint64_t bytes;
    FileContent content;
    bool operator==(const Relocated& other) const {
      return bytes == other.bytes && content.kind == other.content.kind &&
             content.value == other.content.value && content.name == other.content.name;
    }
  };

  FileContent in_linked_file(std::uint64_t address, unsigned bytes) const;
  FileContent in_relocatable_file(std::uint64_t address, unsigned bytes) const;
  std::optional<FileContent> in_coming_table(std::uint64_t address, unsigned bytes) const;
  FileContent in_another_file(std::uint64_t address) const;
  std::optional<FileContent> made_by_relocation(std::uint64_t address, unsigned bytes) const;
  const Segment* segment_holding(std::uint64_t address, std::uint64_t bytes) const;
  bool is_protected(const Segment& segment, std::uint64_t address, std::uint64_t bytes) const;
  std::string name_of_place(std::uint64_t address) const;

  const ObjectFile* file_;
  std::vector<Segment> segments_;
  std::vector<Range> protected_;                // read-only after relocation
  std::map<std::uint64_t, Relocated> changed_;  // by address
  std::uint64_t changed_bytes_max_ = 0;         // the longest relocated field
  std::string unreadable_;                      // why no table can be trusted, if so
  std::pair<std::uint64_t, std::uint64_t> extent_{0, 0};
};

}  // namespace fiberproof::verify
