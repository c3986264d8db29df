// The file that `--object` names: an ELF file, or a static archive of relocatable ones, in any of
// the forms of archive_members.hpp. Every member is read when the archive is opened, and is called
// `libx.a(member.o)` in messages.
//
// A member that holds no machine code for x86-64, such as one of a compiler's own form, or that a
// thin archive does not find, is kept as what was not read, and is told where a symbol is missing;
// so it is where the archive's index says that it defines the symbol. If there is no other member,
// that is an error, and so is one that contradicts itself.
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
  /// Members of a thin archive are files of their own: whoever reads one from memory says how.
  using ReadFile = std::function<std::expected<std::vector<std::byte>, ObjectError>(
      const std::filesystem::path&)>;

  static std::expected<ObjectArchive, ObjectError> open(const std::filesystem::path& path);

  /// The same of a file that is in memory; `path` is for messages, and where members are looked
  /// for.
  static std::expected<ObjectArchive, ObjectError> parse(std::string path,
                                                         std::vector<std::byte> file,
                                                         const ReadFile& read = {});

  const std::string& path() const { return path_; }
  bool is_archive() const { return is_archive_; }

  /// The one file that there is, or the members that could be read, in the archive's order.
  const std::vector<ObjectFile>& files() const { return files_; }

  /// The file itself; of an archive the member that defines `symbol`, as a linker would choose it:
  /// a global definition before a weak one, a weak one before a local one, and of weak ones, or of
  /// those in groups of one name (COMDAT), the first. Two global ones are an error.
  std::expected<const ObjectFile*, ObjectError> defining(std::string_view symbol) const;

  /// Why nothing is called `name`: how many members there are, and which of them nobody can read.
  std::string why_missing(std::string_view name) const;

  /// Whether a member that nobody can read defines it, as the archive's index says.
  bool is_in_unread(std::string_view symbol) const { return unread_definer(symbol) != nullptr; }

 private:
  struct Unread {
    std::string name;
    ObjectError error;
    std::vector<std::string> symbols;  // that it defines, says the archive's index
  };

  ObjectArchive() = default;
  std::expected<void, ObjectError> read_members(std::span<const std::byte> archive,
                                                const ReadFile& read);
  std::expected<void, ObjectError> read_member(const ArchiveMember& member, bool is_thin,
                                               const ReadFile& read);
  std::expected<std::vector<std::byte>, ObjectError> contents_of(const ArchiveMember& member,
                                                                 bool is_thin,
                                                                 const ReadFile& read) const;
  const Unread* unread_definer(std::string_view symbol) const;
  std::string name_of(const ArchiveMember& member) const;

  std::string path_;
  bool is_archive_ = false;
  std::vector<ObjectFile> files_;
  std::vector<Unread> unread_;
};

}  // namespace fiberproof::verify
