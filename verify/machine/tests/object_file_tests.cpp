#include "verify/machine/object_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::vector<std::byte> file_bytes(const char* path) {
  std::ifstream stream(path, std::ios::binary);
  return bytes_of({std::istreambuf_iterator<char>(stream), {}});
}

// What a user of the reader would ask; nothing of it may crash.
void query_everything(const ObjectFile& file) {
  for (const Symbol& symbol : file.symbols()) {
    (void)file.routine(symbol.name);
  }
  for (const char* const name : {".text", ".bss", ".symtab", "fiberproof_text", ""}) {
    if (const auto section = file.section(name)) {
      (void)file.bytes(section->address, section->bytes.size());
      (void)file.bytes(section->address, section->bytes.size() + 1);
      (void)file.symbol_at(section->address);
      (void)file.place_of(section->address);
    }
  }
  (void)file.bytes(~std::uint64_t{0}, ~std::size_t{0});
}

TEST(object_file, a_text_file_is_refused_with_its_name) {
  const auto path = std::filesystem::temp_directory_path() / "fiberproof_object_file_test.txt";
  std::ofstream(path) << "int main() {}\n";
  const auto file = ObjectFile::open(path);
  std::filesystem::remove(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, Kind::not_elf);
  EXPECT_EQ(message(file.error()),
            "fiberproof: " + path.string() + ": not an ELF file (byte 0: 69)");
}

TEST(object_file, an_empty_file_is_refused) {
  const auto file = ObjectFile::parse("empty", {});
  ASSERT_FALSE(file);
  EXPECT_EQ(message(file.error()), "fiberproof: empty: an empty file (byte 0)");
}

TEST(object_file, an_archive_is_refused_as_such) {
  const auto file = ObjectFile::parse("lib.a", bytes_of("!<arch>\nfoo/            0  "));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, Kind::not_elf);
  EXPECT_NE(message(file.error()).find("archive"), std::string::npos);
}

TEST(object_file, what_is_no_regular_file_is_refused) {
  for (const char* const path : {"/", "/dev/zero", "/no/such/file"}) {
    const auto file = ObjectFile::open(path);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().kind, Kind::unreadable) << path;
  }
}

TEST(object_file, another_architecture_is_refused) {
  std::vector<std::byte> bytes = file_bytes(FIXTURE_PROGRAM);
  bytes.at(18) = std::byte{0xb7};  // e_machine: AArch64
  EXPECT_EQ(ObjectFile::parse("arm", std::move(bytes)).error().kind, Kind::not_elf);
}

TEST(object_file, every_truncated_copy_is_read_or_refused) {
  const std::vector<std::byte> whole = file_bytes(FIXTURE_PROGRAM);
  ASSERT_FALSE(whole.empty());
  std::size_t refused = 0;
  std::size_t copies = 0;
  for (std::size_t size = 0; size < whole.size(); size += 97, ++copies) {
    const auto end = whole.begin() + static_cast<std::ptrdiff_t>(size);
    const auto file = ObjectFile::parse("truncated", {whole.begin(), end});
    if (file) {
      query_everything(*file);
    } else {
      EXPECT_FALSE(file.error().place.empty());
      ++refused;
    }
  }
  // The table of sections is what linkers put last.
  EXPECT_EQ(refused, copies);
}

TEST(object_file, every_changed_byte_is_read_or_refused) {
  // Every byte of the header, and from there on as many as the time allows.
  for (const char* const path : {FIXTURE_OBJECT, FIXTURE_PROGRAM}) {
    const std::vector<std::byte> whole = file_bytes(path);
    const std::size_t stride = std::max<std::size_t>(1, whole.size() / 4000);
    for (std::size_t at = 0; at < whole.size(); at += at < 512 ? 1 : stride) {
      for (const std::byte change : {std::byte{0xff}, std::byte{0x80}, std::byte{0x01}}) {
        std::vector<std::byte> changed = whole;
        changed[at] ^= change;
        if (const auto file = ObjectFile::parse("changed", std::move(changed))) {
          query_everything(*file);
        }
      }
    }
  }
}

TEST(object_file, a_linked_routine_is_found_with_its_bytes) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_FALSE(file->is_relocatable());
  const auto routine = file->routine("fixture_caller");
  ASSERT_TRUE(routine) << message(routine.error());
  EXPECT_EQ(file->symbol_at(routine->address), "fixture_caller");
  EXPECT_EQ(file->symbol_at(routine->address + 1), std::nullopt);
  const auto bytes = file->bytes(routine->address, routine->bytes.size());
  ASSERT_TRUE(bytes) << message(bytes.error());
  EXPECT_TRUE(std::ranges::equal(*bytes, routine->bytes));
  const auto place = file->place_of(routine->address);
  ASSERT_TRUE(place);
  const auto section = file->section(place->section);
  ASSERT_TRUE(section);
  EXPECT_EQ(section->address + place->offset, routine->address);
}

TEST(object_file, what_is_not_there_is_an_error_with_its_name) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file);
  const auto routine = file->routine("no_such_routine");
  ASSERT_FALSE(routine);
  EXPECT_EQ(message(routine.error()), std::string("fiberproof: ") + FIXTURE_PROGRAM +
                                          ": no such symbol (symbol no_such_routine)");
  EXPECT_EQ(file->section("no_such_section").error().kind, Kind::not_found);
  EXPECT_EQ(file->bytes(1, 1).error().kind, Kind::not_found);
}

TEST(object_file, a_variable_is_no_routine) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->routine("fixture_counter").error().kind, Kind::unsuitable);
}

TEST(object_file, a_relocatable_file_gives_only_what_no_relocation_changes) {
  const auto file = ObjectFile::open(FIXTURE_OBJECT);
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_TRUE(file->is_relocatable());
  const auto leaf = file->routine("fixture_leaf");
  ASSERT_TRUE(leaf) << message(leaf.error());
  EXPECT_FALSE(leaf->bytes.empty());
  EXPECT_EQ(file->routine("fixture_caller").error().kind, Kind::relocated);
  EXPECT_EQ(file->bytes(leaf->address, 1).error().kind, Kind::unsuitable);
  EXPECT_EQ(file->symbol_at(leaf->address), std::nullopt);
}

}  // namespace
}  // namespace fiberproof::verify
