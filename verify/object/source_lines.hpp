// The lines of source text that instructions come from, by the line tables (DWARF 5, 6.2) that the
// file itself has. Nothing is looked for elsewhere: no separate file of debug information, no
// server. Relies on libdw; no type of it appears here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace fiberproof::verify {

/// A line of source text.
struct SourcePlace {
  std::string file;  ///< as the compiler was given it
  unsigned line;     ///< from 1
};

class SourceLines {
 public:
  /// Reads the file at `path`, with the members of an archive. A file that libdw cannot read has
  /// no lines.
  explicit SourceLines(const std::string& path);
  SourceLines(SourceLines&& other) noexcept;
  ~SourceLines();

  /// The line of the byte at `offset` in the function `symbol`. Nothing where no table says it, and
  /// where several functions have the name.
  std::optional<SourcePlace> at(const std::string& symbol, std::uint64_t offset) const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

}  // namespace fiberproof::verify
