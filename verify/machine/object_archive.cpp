#include "verify/machine/object_archive.hpp"

#include <ar.h>
#include <fmt/format.h>
#include <libelf.h>

#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

constexpr std::string_view thin_magic = "!<thin>\n";

struct End {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using Handle = std::unique_ptr<Elf, End>;

bool begins_with(std::span<const std::byte> file, std::string_view magic) {
  return file.size() >= magic.size() && std::memcmp(file.data(), magic.data(), magic.size()) == 0;
}

std::string last_libelf_error() {
  const char* const text = elf_errmsg(-1);
  return text == nullptr ? "libelf gives no reason" : text;
}

// libelf shortens what would end outside the archive: is this the size that its header has?
bool has_size(std::span<const std::byte> archive, std::uint64_t begin, std::uint64_t bytes) {
  ar_hdr header;
  std::memcpy(&header, archive.data() + begin - sizeof header, sizeof header);
  const std::string_view text(header.ar_size, sizeof header.ar_size);
  return text == fmt::format("{:<{}}", bytes, text.size());
}

// The archive's own tables: of symbols, of long names.
bool is_table(std::string_view member) {
  return member == "/" || member == "//" || member == "/SYM64/";
}

}  // namespace

std::expected<ObjectArchive, ObjectError> ObjectArchive::open(const std::filesystem::path& path) {
  auto file = read_object_bytes(path);
  if (!file) return std::unexpected(std::move(file.error()));
  return parse(path.string(), std::move(*file));
}

std::expected<ObjectArchive, ObjectError> ObjectArchive::parse(std::string path,
                                                               std::vector<std::byte> file) {
  ObjectArchive made;
  made.path_ = std::move(path);
  if (begins_with(file, thin_magic)) {
    return std::unexpected(ObjectError{
        Kind::unsuitable, made.path_,
        "a thin archive, whose members are files of their own: name one of those", "byte 0"});
  }
  made.is_archive_ = begins_with(file, {ARMAG, SARMAG});
  if (made.is_archive_) {
    auto read = made.read_members(std::move(file));
    if (!read) return std::unexpected(std::move(read.error()));
    return made;
  }
  auto only = ObjectFile::parse(made.path_, std::move(file));
  if (!only) return std::unexpected(std::move(only.error()));
  made.files_.push_back(std::move(*only));
  return made;
}

std::expected<void, ObjectError> ObjectArchive::read_members(std::vector<std::byte> archive) {
  const auto malformed = [&](std::string reason, std::uint64_t at) {
    return std::unexpected(
        ObjectError{Kind::malformed, path_, std::move(reason), fmt::format("byte {:#x}", at)});
  };
  elf_version(EV_CURRENT);
  const Handle whole(elf_memory(reinterpret_cast<char*>(archive.data()), archive.size()));
  if (!whole || elf_kind(whole.get()) != ELF_K_AR) {
    return malformed("libelf refuses it: " + last_libelf_error(), 0);
  }
  std::optional<ObjectError> refused;
  std::uint64_t end = SARMAG;  // of what has been read
  // What is in memory counts as mapped: with ELF_C_READ libelf would read from a file.
  Elf_Cmd command = ELF_C_READ_MMAP;
  while (command != ELF_C_NULL && end < archive.size()) {
    const Handle member(elf_begin(-1, command, whole.get()));
    const Elf_Arhdr* const header = member ? elf_getarhdr(member.get()) : nullptr;
    const std::int64_t base = header == nullptr ? -1 : elf_getbase(member.get());
    if (base < 0 || header->ar_name == nullptr || header->ar_size < 0) {
      return malformed("no member of an archive: " + last_libelf_error(), end);
    }
    const auto begin = static_cast<std::uint64_t>(base);
    const auto bytes = static_cast<std::uint64_t>(header->ar_size);
    if (begin < end + sizeof(ar_hdr) || begin > archive.size() || bytes > archive.size() - begin ||
        !has_size(archive, begin, bytes)) {
      return malformed(fmt::format("member {} ends outside the archive", header->ar_name), end);
    }
    end = begin + bytes;
    const std::string name = header->ar_name;
    if (!is_table(name)) {
      const auto contents = std::span(archive).subspan(begin, bytes);
      auto file =
          ObjectFile::parse(fmt::format("{}({})", path_, name), {contents.begin(), contents.end()});
      if (file) {
        files_.push_back(std::move(*file));
      } else if (file.error().kind != Kind::not_elf) {
        return std::unexpected(std::move(file.error()));
      } else if (!refused) {
        refused = std::move(file.error());
      }
    }
    command = elf_next(member.get());
    end += end % 2;  // members begin at even bytes
  }
  if (files_.empty()) {
    return refused ? std::unexpected(std::move(*refused))
                   : malformed("an archive without members", archive.size());
  }
  return {};
}

std::expected<const ObjectFile*, ObjectError> ObjectArchive::defining(
    std::string_view symbol) const {
  if (!is_archive_) {
    return &files_.front();
  }
  const auto fail = [&](Kind kind, std::string reason) {
    return std::unexpected(
        ObjectError{kind, path_, std::move(reason), fmt::format("symbol {}", symbol)});
  };
  const ObjectFile* found = nullptr;
  for (const ObjectFile& file : files_) {
    if (!file.defines(symbol)) {
      continue;
    }
    if (found != nullptr) {
      return fail(Kind::unsuitable,
                  fmt::format("{} and {} both define it", found->path(), file.path()));
    }
    found = &file;
  }
  if (found == nullptr) {
    return fail(Kind::not_found, fmt::format("none of its {} members defines it", files_.size()));
  }
  return found;
}

}  // namespace fiberproof::verify
