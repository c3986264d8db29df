#include "verify/object/object_archive.hpp"

#include "verify/object/archive_members.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

std::string place_of(std::uint64_t byte) {
  return fmt::format("byte {:#x}", byte);
}

// Whether the rest of the archive can still be valid.
bool is_only_unread(const ObjectError& error) {
  return error.kind == Kind::not_elf || error.kind == Kind::unsuitable ||
         error.kind == Kind::unreadable;
}

}  // namespace

std::expected<ObjectArchive, ObjectError> ObjectArchive::open(const std::filesystem::path& path) {
  auto file = read_object_bytes(path);
  if (!file) return std::unexpected(std::move(file.error()));
  return parse(path.string(), std::move(*file), read_object_bytes);
}

std::expected<ObjectArchive, ObjectError> ObjectArchive::parse(std::string path,
                                                               std::vector<std::byte> file,
                                                               const ReadFile& read) {
  ObjectArchive made;
  made.path_ = std::move(path);
  made.is_archive_ = verify::is_archive(file);
  if (made.is_archive_) {
    auto done = made.read_members(file, read);
    if (!done) return std::unexpected(std::move(done.error()));
    return made;
  }
  auto only = ObjectFile::parse(made.path_, std::move(file));
  if (!only) return std::unexpected(std::move(only.error()));
  made.files_.push_back(std::move(*only));
  return made;
}

std::expected<void, ObjectError> ObjectArchive::read_members(std::span<const std::byte> archive,
                                                             const ReadFile& read) {
  const auto contents = read_archive(archive);
  if (!contents) {
    return std::unexpected(ObjectError{Kind::malformed, path_, contents.error().reason,
                                       place_of(contents.error().byte)});
  }
  std::map<std::uint64_t, std::size_t> unread_by_header;
  for (const ArchiveMember& member : contents->members) {
    const std::size_t unread = unread_.size();
    if (auto done = read_member(member, contents->is_thin, read); !done) return done;
    if (unread_.size() != unread) unread_by_header.emplace(member.header, unread);
  }
  for (const IndexEntry& entry : contents->index) {
    const auto found = unread_by_header.find(entry.header);
    if (found != unread_by_header.end()) {
      unread_[found->second].symbols.emplace_back(entry.symbol);
    }
  }
  if (!files_.empty()) return {};
  if (unread_.empty()) {
    return std::unexpected(ObjectError{Kind::malformed, path_, "an archive without members",
                                       place_of(archive.size())});
  }
  return std::unexpected(unread_.front().error);
}

std::string ObjectArchive::name_of(const ArchiveMember& member) const {
  return fmt::format("{}({})", path_, member.name);
}

std::expected<void, ObjectError> ObjectArchive::read_member(const ArchiveMember& member,
                                                            bool is_thin, const ReadFile& read) {
  auto contents = contents_of(member, is_thin, read);
  auto file = contents ? ObjectFile::parse(name_of(member), std::move(*contents))
                       : std::unexpected(std::move(contents.error()));
  if (file) {
    files_.push_back(std::move(*file));
  } else if (is_only_unread(file.error())) {
    unread_.push_back({member.name, std::move(file.error()), {}});
  } else {
    return std::unexpected(std::move(file.error()));
  }
  return {};
}

std::expected<std::vector<std::byte>, ObjectError> ObjectArchive::contents_of(
    const ArchiveMember& member, bool is_thin, const ReadFile& read) const {
  const auto& held = member.contents;
  if (!is_thin) return std::vector(held.begin(), held.end());
  const auto fail = [&](const std::string& reason) {
    return std::unexpected(ObjectError{Kind::unreadable, name_of(member), reason,
                                       "put the members of a thin archive beside it"});
  };
  if (!read) return fail("a file of its own");
  const std::filesystem::path path = std::filesystem::path(path_).parent_path() / member.name;
  auto file = read(path);
  if (!file) return fail(fmt::format("{} {}", path.string(), file.error().reason));
  if (!member.header_in_nested) return file;
  const auto nested = read_archive(*file);
  if (!nested || nested->is_thin) return fail(fmt::format("{} is not an archive", path.string()));
  const auto found =
      std::ranges::find(nested->members, *member.header_in_nested, &ArchiveMember::header);
  if (found == nested->members.end()) {
    return fail(fmt::format("{} has no member at {}: it is newer than this archive", path.string(),
                            place_of(*member.header_in_nested)));
  }
  return std::vector(found->contents.begin(), found->contents.end());
}

const ObjectArchive::Unread* ObjectArchive::unread_definer(std::string_view symbol) const {
  const auto found = std::ranges::find_if(unread_, [symbol](const Unread& unread) {
    return std::ranges::find(unread.symbols, symbol) != unread.symbols.end();
  });
  return found == unread_.end() ? nullptr : &*found;
}

std::expected<const ObjectFile*, ObjectError> ObjectArchive::defining(
    std::string_view symbol) const {
  if (!is_archive_) return &files_.front();
  const auto fail = [&](Kind kind, std::string reason) {
    return std::unexpected(
        ObjectError{kind, path_, std::move(reason), fmt::format("symbol {}", symbol)});
  };
  if (const Unread* const unread = unread_definer(symbol)) {
    return fail(Kind::unsuitable, fmt::format("{} defines it and is unreadable: {}", unread->name,
                                              unread->error.reason));
  }
  const ObjectFile* found = nullptr;
  Binding strongest = Binding::local;
  for (const ObjectFile& file : files_) {
    const auto binding = file.binding_of(symbol);
    if (!binding || (found != nullptr && *binding < strongest)) continue;
    if (found == nullptr || *binding > strongest) {
      found = &file;
      strongest = *binding;
      continue;
    }
    const std::string_view group = found->group_of(symbol);
    const bool is_same_group = !group.empty() && group == file.group_of(symbol);
    if (*binding == Binding::weak || is_same_group) continue;
    return fail(
        Kind::unsuitable,
        fmt::format("{} and {} both define it{}: name the file of one with --object", found->path(),
                    file.path(), *binding == Binding::local ? " for themselves" : ""));
  }
  if (found == nullptr) return fail(Kind::not_found, why_missing(symbol));
  return found;
}

std::string ObjectArchive::why_missing(std::string_view name) const {
  if (const Unread* const unread = unread_definer(name)) {
    return fmt::format("{} defines it and is unreadable: {}", unread->name, unread->error.reason);
  }
  constexpr std::size_t told_max = 4;
  const std::size_t count = files_.size() + unread_.size();
  std::string text = count == 1 ? "its only member does not define it"
                                : fmt::format("none of its {} members defines it", count);
  if (unread_.empty()) return text;
  // Many members are often unreadable for the same reason.
  std::map<std::string_view, std::vector<std::string_view>> by_reason;
  for (const Unread& unread : unread_) by_reason[unread.error.reason].push_back(unread.name);
  text = fmt::format("none of the {} of its {} members that can be read defines it", files_.size(),
                     count);
  for (const auto& [reason, names] : by_reason) {
    const auto told = std::span(names).first(std::min(names.size(), told_max));
    const std::string more =
        names.size() > told_max ? fmt::format(" and {} more", names.size() - told_max) : "";
    text += fmt::format("; {}{}: {}", fmt::join(told, ", "), more, reason);
  }
  return text;
}

}  // namespace fiberproof::verify
