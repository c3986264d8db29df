// Archives in each dialect, and the member in which a symbol is found.
#include "verify/object/object_archive.hpp"

#include "verify/object/archive_members.hpp"
#include "verify/object/tests/crafted_elf.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

std::vector<std::byte> as_bytes(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// One function `name` that returns `value`, in a group if `group` is not empty.
std::string object(const std::string& name, unsigned binding, char value,
                   const std::string& group = "") {
  CraftedElf elf;
  const std::string code = std::string("\xb8") + value + std::string("\0\0\0\xc3", 4);
  const auto text = static_cast<std::uint16_t>(elf.add_code(".text", code));
  const std::uint32_t table =
      elf.add_symbols({elf.symbol(name, binding, STT_FUNC, text, 0, code.size()),
                       elf.symbol(group, STB_LOCAL, STT_NOTYPE, text, 0, 0)});
  if (!group.empty()) {
    elf.add(".group", section_header(SHT_GROUP, 0, table, 2, 4),
            bytes_of_records(std::vector<std::uint32_t>{GRP_COMDAT, text}));
  }
  return as_text(elf.file());
}

const std::string bitcode("BC\xc0\xde and so on", 14);

std::string header(const std::string& name, std::size_t bytes) {
  return fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, 644, bytes);
}

std::string padded(std::string contents) {
  if (contents.size() % 2 != 0) contents += '\n';
  return contents;
}

std::string member(const std::string& name, const std::string& contents) {
  return header(name, contents.size()) + padded(contents);
}

std::string bsd_member(const std::string& name, const std::string& contents, std::size_t room) {
  std::string text = name;
  text.resize(room, '\0');
  return header(fmt::format("#1/{}", room), room + contents.size()) + padded(text + contents);
}

std::string number(std::uint64_t value, std::size_t bytes, bool is_big_endian) {
  std::string text;
  for (std::size_t at = 0; at < bytes; ++at) {
    const std::size_t shift = 8 * (is_big_endian ? bytes - 1 - at : at);
    text += static_cast<char>(value >> shift & 0xff);
  }
  return text;
}

std::expected<ObjectArchive, ObjectError> parse(const std::string& text,
                                                const ObjectArchive::ReadFile& read = {}) {
  return ObjectArchive::parse("folder/lib.a", as_bytes(text), read);
}

// Returns the result of the chosen member's function.
int chosen(const std::expected<ObjectArchive, ObjectError>& archive, const std::string& symbol) {
  if (!archive) return ADD_FAILURE() << message(archive.error()), -1;
  const auto file = archive->defining(symbol);
  if (!file) return ADD_FAILURE() << message(file.error()), -1;
  const auto routine = (*file)->routine(symbol);
  return routine ? std::to_integer<int>(routine->bytes[1]) : -1;
}

template <class Value>
void expect_says(const std::expected<Value, ObjectError>& answer, const std::string& reason) {
  ASSERT_FALSE(answer) << reason;
  EXPECT_NE(message(answer.error()).find(reason), std::string::npos) << message(answer.error());
}

const std::string magic = "!<arch>\n";
const std::string thin_magic = "!<thin>\n";

TEST(object_archive, long_names_are_read_in_each_dialect) {
  const std::string one = object("f", STB_GLOBAL, 1);
  const std::string long_name = "an_object_file_with_a_long_name.o";
  const std::string table = long_name + "/\n";
  const std::string gnu = magic + member("//", table) + member("/0", one);
  const std::string bsd = magic + bsd_member(long_name, one, long_name.size());
  const std::string darwin = magic + bsd_member(long_name, one, 44);
  const std::string short_name = magic + member("short.o", one);
  for (const std::string& archive : {gnu, bsd, darwin}) {
    const auto read = parse(archive);
    EXPECT_EQ(chosen(read, "f"), 1);
    EXPECT_EQ(read->files().front().path(), "folder/lib.a(" + long_name + ")");
  }
  EXPECT_EQ(chosen(parse(short_name), "f"), 1);
}

TEST(object_archive, symbol_tables_are_not_members) {
  const std::string one = object("f", STB_GLOBAL, 1);
  for (const std::string& name :
       {std::string("/"), std::string("/SYM64/"), std::string("__.SYMDEF")}) {
    const auto archive = parse(magic + member(name, std::string(16, '\0')) + member("a.o/", one));
    EXPECT_EQ(chosen(archive, "f"), 1) << name;
    EXPECT_EQ(archive->files().size(), 1u) << name;
  }
  const std::string darwin = bsd_member("__.SYMDEF SORTED", std::string(8, '\0'), 20);
  EXPECT_EQ(parse(magic + darwin + member("a.o", one))->files().size(), 1u);
}

TEST(object_archive, a_name_outside_its_table_is_malformed) {
  const std::string one = object("f", STB_GLOBAL, 1);
  for (const char* const name : {"/7", "/0", "/0:8", "/99999999999", "#1/999999", "#1/x"}) {
    const auto archive = parse(magic + member(name, one));
    ASSERT_FALSE(archive) << name;
    EXPECT_EQ(archive.error().kind, Kind::malformed) << name;
  }
}

TEST(object_archive, unreadable_members_are_named_and_counted) {
  const auto archive = parse(magic + member("engine.o/", bitcode) +
                             member("other.o/", std::string("\xde\xc0\x17\x0b", 4)) +
                             member("callee.o/", object("g", STB_GLOBAL, 1)));
  ASSERT_TRUE(archive) << message(archive.error());
  EXPECT_EQ(chosen(archive, "g"), 1);
  expect_says(archive->defining("f"), "none of the 1 of its 3 members that can be read defines it");
  expect_says(archive->defining("f"), "engine.o, other.o: LLVM bitcode (LTO)");
  expect_says(archive->defining("f"), "-ffat-lto-objects");
  // An archive of nothing but such members is an error at once.
  expect_says(parse(magic + member("engine.o/", bitcode)), "lib.a(engine.o): LLVM bitcode");
}

// The index of each dialect; its one entry names the first member.
TEST(object_archive, an_unreadable_member_that_defines_the_symbol_is_an_error) {
  const std::string names("f\0", 2);
  for (const std::size_t bytes : {std::size_t{4}, std::size_t{8}}) {
    for (const bool is_gnu : {true, false}) {
      const std::size_t table_bytes = is_gnu ? 2 * bytes + 2 : 4 * bytes + 2;
      const std::uint64_t first = magic.size() + header("", 0).size() + table_bytes;
      const std::string table = is_gnu ? number(1, bytes, true) + number(first, bytes, true) + names
                                       : number(2 * bytes, bytes, false) + number(0, bytes, false) +
                                             number(first, bytes, false) + number(2, bytes, false) +
                                             names;
      const std::string name =
          is_gnu ? (bytes == 4 ? "/" : "/SYM64/") : (bytes == 4 ? "__.SYMDEF" : "__.SYMDEF_64");
      ASSERT_EQ(table.size(), table_bytes);
      const auto archive = parse(magic + member(name, table) + member("engine.o/", bitcode) +
                                 member("plain.o/", object("f", STB_GLOBAL, 1)));
      ASSERT_TRUE(archive) << message(archive.error());
      expect_says(archive->defining("f"), "engine.o defines it and is unreadable: LLVM bitcode");
    }
  }
}

TEST(object_archive, ignores_a_contradictory_index) {
  const std::string one = object("f", STB_GLOBAL, 1);
  for (const std::string& table :
       {number(0xffffffff, 4, true), number(2, 4, true) + number(8, 4, true) + "f",
        number(0, 4, true), std::string("x"), std::string()}) {
    for (const char* const name : {"/", "/SYM64/", "__.SYMDEF", "__.SYMDEF_64"}) {
      EXPECT_EQ(
          chosen(parse(magic + member(name, table) + member("e.o/", bitcode) + member("a.o/", one)),
                 "f"),
          1);
    }
  }
}

TEST(object_archive, a_member_is_chosen_as_a_linker_would) {
  const auto archive = [](const std::vector<std::string>& objects) {
    std::string text = magic;
    for (const std::string& one : objects) text += member("m.o/", one);
    return parse(text);
  };
  const std::string local = object("f", STB_LOCAL, 1);
  const std::string weak = object("f", STB_WEAK, 2);
  const std::string other_weak = object("f", STB_WEAK, 3);
  const std::string global = object("f", STB_GLOBAL, 4);
  EXPECT_EQ(chosen(archive({local, global}), "f"), 4);
  EXPECT_EQ(chosen(archive({global, local, weak}), "f"), 4);
  EXPECT_EQ(chosen(archive({local, weak}), "f"), 2);
  EXPECT_EQ(chosen(archive({weak, other_weak}), "f"), 2);
  EXPECT_EQ(chosen(archive({other_weak, weak, local}), "f"), 3);
  EXPECT_EQ(chosen(archive({local}), "f"), 1);
  expect_says(archive({global, local, global})->defining("f"), "both define it");
  expect_says(archive({local, local})->defining("f"), "both define it for themselves");
}

TEST(object_archive, chooses_the_first_of_equal_groups) {
  const auto archive = [](const std::string& one, const std::string& other) {
    return parse(magic + member("a.o/", object("f", STB_GLOBAL, 1, one)) +
                 member("b.o/", object("f", STB_GLOBAL, 2, other)));
  };
  EXPECT_EQ(chosen(archive("g", "g"), "f"), 1);
  expect_says(archive("g", "h")->defining("f"), "both define it");
  expect_says(archive("g", "")->defining("f"), "both define it");
}

// Files by their paths, for a thin archive.
ObjectArchive::ReadFile reader(const std::map<std::string, std::string>& files) {
  return [files](const std::filesystem::path& path)
             -> std::expected<std::vector<std::byte>, ObjectError> {
    const auto found = files.find(path.string());
    if (found != files.end()) return as_bytes(found->second);
    return std::unexpected(ObjectError{Kind::unreadable, path.string(), "is not there", "opening"});
  };
}

TEST(object_archive, members_of_a_thin_archive_are_read_beside_it) {
  const std::string thin = thin_magic + member("//", "sub/one_with_a_long_name.o/\n/abs/two.o/\n") +
                           header("/0", 100) + header("/28", 100) + header("three.o/", 100);
  const auto read = reader({{"folder/sub/one_with_a_long_name.o", object("f", STB_GLOBAL, 1)},
                            {"/abs/two.o", object("g", STB_GLOBAL, 2)}});
  const auto archive = parse(thin, read);
  EXPECT_EQ(chosen(archive, "f"), 1);
  EXPECT_EQ(chosen(archive, "g"), 2);
  expect_says(archive->defining("h"), "three.o: folder/three.o is not there");
  expect_says(parse(thin, reader({})), "put the members of a thin archive beside it");
  expect_says(parse(thin), "put the members of a thin archive beside it");
}

TEST(object_archive, a_thin_archive_of_archives_names_their_members_by_their_headers) {
  const std::string first = member("a.o/", object("f", STB_GLOBAL, 1));
  const std::string inner = magic + first + member("b.o/", object("g", STB_GLOBAL, 2));
  const std::uint64_t second = magic.size() + first.size();
  const auto thin = [](std::uint64_t at) {
    return thin_magic + member("//", "inner.a/\n") + header(fmt::format("/0:{}", at), 100);
  };
  const auto read = reader({{"folder/inner.a", inner}});
  EXPECT_EQ(chosen(parse(thin(second), read), "g"), 2);
  EXPECT_EQ(chosen(parse(thin(magic.size()), read), "f"), 1);
  expect_says(parse(thin(second + 2), read), "has no member at byte");
  expect_says(parse(thin(8), reader({{"folder/inner.a", thin(8)}})), "is not an archive");
  expect_says(parse(thin(8), reader({{"folder/inner.a", "!<arch>\nrubbish"}})),
              "is not an archive");
}

// Each message says what the owner can do about it.
TEST(object_archive, names_other_formats) {
  using namespace std::string_literals;
  const std::string room(32, '\1');
  const auto elf = [](unsigned char file_class, unsigned char data, std::string architecture) {
    std::string text = as_text(CraftedElf().file());
    text[EI_CLASS] = static_cast<char>(file_class);
    text[EI_DATA] = static_cast<char>(data);
    return text.replace(offsetof(Elf64_Ehdr, e_machine), 2, architecture);
  };
  const std::vector<std::pair<std::string, std::string>> formats{
      {"BC\xc0\xde"s, "LLVM bitcode"},
      {"\xde\xc0\x17\x0b"s, "LLVM bitcode"},
      {"\xcf\xfa\xed\xfe"s, "Mach-O"},
      {"\xca\xfe\xba\xbe\0\0\0\2"s, "Mach-O file for several architectures"},
      {"\xca\xfe\xba\xbe\0\0\0\x41"s, "class file of Java"},
      {"\x64\x86\3\0"s + std::string(16, '\0'), "COFF"},
      {"\0\0\xff\xff"s + room, "COFF"},
      {"MZ\x90"s, "PE file"},
      {"\0asm\1\0\0\0"s, "WebAssembly"},
      {"rust\0\0\0\x9"s, "Rust's metadata"},
      {"\x1f\x8b\x8"s, "gzip"},
      {elf(ELFCLASS32, ELFDATA2LSB, "\3\0"s), "32 bits for i386, not a 64-bit"},
      {elf(ELFCLASS32, ELFDATA2LSB, "\x3e\0"s), "32 bits for x86-64"},
      {elf(ELFCLASS64, ELFDATA2LSB, "\xb7\0"s), "for AArch64, which is not x86-64"},
      {elf(ELFCLASS64, ELFDATA2LSB, "\xf3\0"s), "for RISC-V"},
      {elf(ELFCLASS64, ELFDATA2MSB, "\0\x16"s), "big-endian, for s390"},
      {"int main() {}"s, "not an ELF file"}};
  for (const auto& [bytes, name] : formats) {
    expect_says(parse(bytes), name);
    const auto archive =
        parse(magic + member("m.o/", bytes) + member("a.o/", object("f", STB_GLOBAL, 1)));
    EXPECT_EQ(chosen(archive, "f"), 1) << name;
    expect_says(archive->defining("g"), name);
  }
}

}  // namespace
}  // namespace fiberproof::verify
