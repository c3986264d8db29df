// The file that `--object` names: an ELF file, or a static archive of relocatable ones in any form
// of archive_members.hpp. Every member is read when the archive is opened; messages call it
// `libx.a(member.o)`.
//
// A member without x86-64 machine code (such as LTO bitcode), or one that a thin archive does not
// find, is kept as unread. It is named when a symbol is missing, or when the archive's index says
// that it defines the symbol. An archive with no other member is an error, and so is one that
// contradicts itself.
#pragma once

#include "verify/object/object_file.hpp"

#include <cstddef>
#include <expected>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

struct ArchiveMember;

class ObjectArchive {
 public:
  /// Reads a member of a thin archive, which is a file of its own; needed where the archive itself
  /// is in memory.
  using ReadFile = std::function<std::expected<std::vector<std::byte>, ObjectError>(
      const std::filesystem::path&)>;

  [[nodiscard]] static std::expected<ObjectArchive, ObjectError> open(
      const std::filesystem::path& path);

  /// Parses a file in memory; `path` is used in messages and to look for members.
  [[nodiscard]] static std::expected<ObjectArchive, ObjectError> parse(std::string path,
                                                                       std::vector<std::byte> file,
                                                                       const ReadFile& read = {});

  const std::string& path() const { return path_; }
  bool is_archive() const { return is_archive_; }

  /// The one file, or the readable members in the archive's order.
  const std::vector<ObjectFile>& files() const { return files_; }

  /// The file itself; in an archive, the member that defines `symbol` as a linker would choose it:
  /// a global definition before a weak one, a weak one before a local one, and among weak ones, or
  /// those of one COMDAT group, the first. Two global definitions are an error.
  [[nodiscard]] std::expected<const ObjectFile*, ObjectError> defining(
      std::string_view symbol) const;

  /// Why nothing is called `name`: how many members there are, and which of them are unreadable.
  std::string why_missing(std::string_view name) const;

  /// Whether an unreadable member defines the symbol, according to the archive's index.
  bool is_in_unread(std::string_view symbol) const { return unread_definer(symbol) != nullptr; }

 private:
  struct Unread {
    std::string name;
    ObjectError error;
    std::vector<std::string> symbols;  // what it defines, according to the archive's index
  };

  ObjectArchive() = default;
  [[nodiscard]] std::expected<void, ObjectError> read_members(std::span<const std::byte> archive,
                                                              const ReadFile& read);
  [[nodiscard]] std::expected<void, ObjectError> read_member(const ArchiveMember& member,
                                                             bool is_thin, const ReadFile& read);
  [[nodiscard]] std::expected<std::vector<std::byte>, ObjectError> contents_of(
      const ArchiveMember& member, bool is_thin, const ReadFile& read) const;
  const Unread* unread_definer(std::string_view symbol) const;
  std::string name_of(const ArchiveMember& member) const;

  std::string path_;
  bool is_archive_ = false;
  std::vector<ObjectFile> files_;
  std::vector<Unread> unread_;
};

}  // namespace fiberproof::verify
