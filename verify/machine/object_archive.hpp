// What `--object` names: an ELF file, or a static archive of relocatable ones. Every member is read
// when the archive is opened, and is called `libx.a(member.o)` in messages.
//
// A member that is no ELF file for x86-64, such as one of a compiler's own format, is passed over,
// unless there is no other; one that contradicts itself is an error, and so is a thin archive,
// whose members are not in it.
#pragma once

#include "verify/machine/object_file.hpp"

#include <cstddef>
#include <expected>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

class ObjectArchive {
 public:
  static std::expected<ObjectArchive, ObjectError> open(const std::filesystem::path& path);

  /// The same of a file that is in memory; `path` is only for messages.
  static std::expected<ObjectArchive, ObjectError> parse(std::string path,
                                                         std::vector<std::byte> file);

  bool is_archive() const { return is_archive_; }

  /// The one file that there is, or the members in the archive's order.
  const std::vector<ObjectFile>& files() const { return files_; }

  /// The file itself; of an archive the one member that defines `symbol`.
  std::expected<const ObjectFile*, ObjectError> defining(std::string_view symbol) const;

 private:
  ObjectArchive() = default;
  std::expected<void, ObjectError> read_members(std::vector<std::byte> archive);

  std::string path_;
  bool is_archive_ = false;
  std::vector<ObjectFile> files_;
};

}  // namespace fiberproof::verify
