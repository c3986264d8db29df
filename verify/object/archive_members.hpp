// The members of a static archive, as ar(5) and its dialects store them: long names in a table
// (System V and GNU) or before the contents (`#1/LENGTH`, BSD and darwin), members in files of
// their own (GNU's thin archives, nested ones included), and the symbol index in each dialect.
//
// A broken header, or a member that ends outside the archive, is an error with its byte. The index
// serves one purpose only: to know what unreadable members define. An index that contradicts itself
// is ignored.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct ArchiveMember {
  std::string name;      // in a thin archive: a path, relative to the archive's folder
  std::uint64_t header;  // the byte where its header begins
  std::span<const std::byte> contents = {};  // empty in a thin archive
  /// In a thin archive: `name` is an archive, and the member's header begins at this byte of it.
  std::optional<std::uint64_t> header_in_nested = std::nullopt;
};

struct IndexEntry {
  std::string_view symbol;
  std::uint64_t header;  // of the member that defines it
};

struct ArchiveContents {
  bool is_thin = false;
  std::vector<ArchiveMember> members;  // without the archive's own tables
  std::vector<IndexEntry> index;
};

struct ArchiveError {
  std::string reason;
  std::uint64_t byte;
};

bool is_archive(std::span<const std::byte> file);

/// Views of `archive`, which must begin with the magic bytes of one.
[[nodiscard]] std::expected<ArchiveContents, ArchiveError> read_archive(
    std::span<const std::byte> archive);

}  // namespace fiberproof::verify
