// The members of a static archive, as ar(5) and its dialects have them: long names in a table
// (System V and GNU) or before the contents (`#1/LENGTH`, BSD and darwin), members that are files
// of their own (GNU's thin archives, also those of archives), and the index of symbols in each
// dialect.
//
// A header that is none, or a member that ends outside the archive, is an error with its byte. The
// index is believed for one thing only, which members that nobody can read define what; one that
// contradicts itself says nothing.
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
  std::string name;      // of a thin archive: a path, from the archive's folder on
  std::uint64_t header;  // the byte where its header begins
  std::span<const std::byte> contents = {};  // of a thin archive none
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

/// Views of `archive`, whose first bytes say that it is one.
std::expected<ArchiveContents, ArchiveError> read_archive(std::span<const std::byte> archive);

}  // namespace fiberproof::verify
