#include "verify/object/archive_members.hpp"

#include <ar.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace fiberproof::verify {
namespace {

constexpr std::string_view magic{ARMAG, SARMAG};
constexpr std::string_view thin_magic = "!<thin>\n";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view without_end(std::string_view text, char padding) {
  const std::size_t last = text.find_last_not_of(padding);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

// The format of the symbol table, by the name of its member.
enum class IndexFormat { none, gnu, gnu_64, bsd, bsd_64 };

IndexFormat index_format(std::string_view name) {
  if (name == "/") return IndexFormat::gnu;
  if (name == "/SYM64/") return IndexFormat::gnu_64;
  if (name == "__.SYMDEF" || name == "__.SYMDEF SORTED") return IndexFormat::bsd;
  if (name == "__.SYMDEF_64" || name == "__.SYMDEF_64 SORTED") return IndexFormat::bsd_64;
  return IndexFormat::none;
}

// Reads numbers of 4 or 8 bytes from a table, in its byte order; past the end it returns nothing.
class Numbers {
 public:
  Numbers(std::span<const std::byte> table, std::size_t bytes, bool is_big_endian)
      : table_(table), bytes_(bytes), is_big_endian_(is_big_endian) {}

  std::optional<std::uint64_t> at(std::uint64_t offset) const {
    if (offset > table_.size() || bytes_ > table_.size() - offset) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t index = 0; index < bytes_; ++index) {
      const std::size_t from = is_big_endian_ ? index : bytes_ - 1 - index;
      value = value << 8 | std::to_integer<std::uint64_t>(table_[offset + from]);
    }
    return value;
  }

 private:
  std::span<const std::byte> table_;
  std::size_t bytes_;
  bool is_big_endian_;
};

std::optional<std::string_view> name_in(std::string_view names, std::uint64_t offset) {
  const std::size_t end = offset < names.size() ? names.find('\0', offset) : std::string_view::npos;
  return end == std::string_view::npos ? std::nullopt
                                       : std::optional(names.substr(offset, end - offset));
}

// A count of symbols, the header offset of the member for each, and the names one after the other.
std::vector<IndexEntry> gnu_index(std::span<const std::byte> table, std::size_t bytes) {
  const Numbers numbers(table, bytes, true);
  const std::uint64_t count = numbers.at(0).value_or(0);
  if (count > table.size() / bytes - (table.empty() ? 0 : 1)) return {};
  std::uint64_t name_at = (count + 1) * bytes;
  std::vector<IndexEntry> entries;
  for (std::uint64_t index = 1; index <= count; ++index) {
    const auto header = numbers.at(index * bytes);
    const auto name = name_in(text_of(table), name_at);
    if (!header || !name) return {};
    entries.push_back({*name, *header});
    name_at += name->size() + 1;
  }
  return entries;
}

// The size of the entries, an entry {offset of the name, header of the member} for each symbol, the
// size of the names, and the names.
std::vector<IndexEntry> bsd_index(std::span<const std::byte> table, std::size_t bytes) {
  const Numbers numbers(table, bytes, false);
  const std::uint64_t entry_bytes = numbers.at(0).value_or(0);
  if (table.size() < 2 * bytes || entry_bytes > table.size() - 2 * bytes) return {};
  const std::string_view names = text_of(table.subspan(entry_bytes + 2 * bytes));
  std::vector<IndexEntry> entries;
  for (std::uint64_t at = bytes; at + 2 * bytes <= bytes + entry_bytes; at += 2 * bytes) {
    const auto name = name_in(names, *numbers.at(at));
    if (!name) return {};
    entries.push_back({*name, *numbers.at(at + bytes)});
  }
  return entries;
}

std::vector<IndexEntry> read_index(std::span<const std::byte> table, IndexFormat format) {
  switch (format) {
    case IndexFormat::gnu: return gnu_index(table, 4);
    case IndexFormat::gnu_64: return gnu_index(table, 8);
    case IndexFormat::bsd: return bsd_index(table, 4);
    case IndexFormat::bsd_64: return bsd_index(table, 8);
    case IndexFormat::none: break;
  }
  return {};
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> archive) : archive_(archive) {
    read_.is_thin = text_of(archive).starts_with(thin_magic);
  }

  std::expected<ArchiveContents, ArchiveError> run() {
    for (std::uint64_t at = magic.size(); at < archive_.size();) {
      if (auto next = read_member(at); next) {
        at = *next;
      } else {
        return std::unexpected(std::move(next.error()));
      }
    }
    return std::move(read_);
  }

 private:
  static std::unexpected<ArchiveError> fail(std::string reason, std::uint64_t at) {
    return std::unexpected(ArchiveError{std::move(reason), at});
  }

  // Returns the byte where the next member begins.
  std::expected<std::uint64_t, ArchiveError> read_member(std::uint64_t at) {
    if (archive_.size() - at < sizeof(ar_hdr)) {
      return fail("not an archive member: it ends within a header", at);
    }
    ar_hdr header;
    std::memcpy(&header, archive_.data() + at, sizeof header);
    const std::string_view raw_name(header.ar_name, sizeof header.ar_name);
    const auto bytes = decimal(without_end({header.ar_size, sizeof header.ar_size}, ' '));
    if (std::memcmp(header.ar_fmag, ARFMAG, sizeof header.ar_fmag) != 0 || !bytes) {
      return fail("not an archive member: its header has no size or no end", at);
    }
    const std::string_view field = without_end(raw_name, ' ');
    const bool is_table = field == "/" || field == "//" || field == "/SYM64/";
    const std::uint64_t begin = at + sizeof header;
    const std::uint64_t room = archive_.size() - begin;
    // A thin archive holds its own tables, and only the headers of its members.
    const std::uint64_t held = read_.is_thin && !is_table ? 0 : *bytes;
    const auto contents = archive_.subspan(begin, std::min(held, room));
    ArchiveMember member{.name = {}, .header = at, .contents = contents};
    if (auto named = name(field, member); !named) return fail(std::move(named.error()), at);
    if (held > room)
      return fail(fmt::format("member {} ends outside the archive", member.name), at);
    keep(std::move(member), is_table);
    const std::uint64_t end = begin + held;
    return end + end % 2;  // members begin at even bytes
  }

  void keep(ArchiveMember member, bool is_table) {
    if (member.name == "//") {
      long_names_ = text_of(member.contents);
    } else if (const IndexFormat format = index_format(member.name); format != IndexFormat::none) {
      if (read_.index.empty()) read_.index = read_index(member.contents, format);
    } else if (!is_table) {
      read_.members.push_back(std::move(member));
    }
  }

  std::expected<void, std::string> name(std::string_view field, ArchiveMember& member) const {
    constexpr std::string_view before_contents = "#1/";
    if (field.starts_with(before_contents)) {
      const auto bytes = decimal(field.substr(before_contents.size()));
      if (!bytes || *bytes > member.contents.size()) {
        return std::unexpected("the name of a member ends outside it");
      }
      member.name = without_end(text_of(member.contents.first(*bytes)), '\0');
      member.contents = member.contents.subspan(*bytes);
      return {};
    }
    if (field.size() > 1 && field[0] == '/' && field[1] >= '0' && field[1] <= '9') {
      return long_name(field.substr(1), member);
    }
    const bool is_table = field.starts_with('/');
    member.name = !is_table && field.ends_with('/') ? field.substr(0, field.size() - 1) : field;
    return {};
  }

  // `/OFFSET` into the table of long names, whose names end with a slash and a newline; in a thin
  // archive also `/OFFSET:HEADER`.
  std::expected<void, std::string> long_name(std::string_view text, ArchiveMember& member) const {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) {
      member.header_in_nested = decimal(text.substr(colon + 1));
      if (!read_.is_thin || !member.header_in_nested) {
        return std::unexpected("the name of a member is not a position in the table of names");
      }
      text = text.substr(0, colon);
    }
    const auto offset = decimal(text);
    if (!offset || *offset >= long_names_.size()) {
      return std::unexpected("the name of a member is not in the table of names");
    }
    const std::string_view from = long_names_.substr(*offset);
    const std::string_view found = from.substr(0, from.find_first_of({"\n\0", 2}));
    member.name = found.ends_with('/') ? found.substr(0, found.size() - 1) : found;
    return {};
  }

  std::span<const std::byte> archive_;
  std::string_view long_names_;
  ArchiveContents read_;
};

}  // namespace

bool is_archive(std::span<const std::byte> file) {
  const std::string_view text = text_of(file);
  return text.starts_with(magic) || text.starts_with(thin_magic);
}

std::expected<ArchiveContents, ArchiveError> read_archive(std::span<const std::byte> archive) {
  return Reader(archive).run();
}

}  // namespace fiberproof::verify
