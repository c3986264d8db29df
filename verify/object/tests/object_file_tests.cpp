#include "verify/object/object_file.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
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

// The fixture with some of its records changed as no linker would.
template <typename Record>
class ChangedFixture {
 public:
  ChangedFixture(std::uint64_t table, std::size_t count)
      : bytes_(file_bytes(FIXTURE_PROGRAM)), table_(table), records_(count) {
    std::memcpy(records_.data(), bytes_.data() + table, count * sizeof(Record));
  }
  std::vector<Record*> those(const auto& predicate) {
    std::vector<Record*> found;
    for (Record& record : records_) {
      if (predicate(record)) found.push_back(&record);
    }
    return found;
  }
  std::expected<ObjectFile, ObjectError> parse() {
    std::memcpy(bytes_.data() + table_, records_.data(), records_.size() * sizeof(Record));
    return ObjectFile::parse("changed", bytes_);
  }

 private:
  std::vector<std::byte> bytes_;
  std::uint64_t table_;
  std::vector<Record> records_;
};

Elf64_Ehdr fixture_header() {
  Elf64_Ehdr header;
  std::memcpy(&header, file_bytes(FIXTURE_PROGRAM).data(), sizeof header);
  return header;
}

// Asks every query; none may crash.
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
  (void)file.callee("fixture_leaf");
  (void)file.function_holding(0x40'0010);
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

TEST(object_file, rejects_what_is_not_a_regular_file) {
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
  // Linkers put the section table last.
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

// Guards an old bug: names in a file were put into messages unescaped.
TEST(object_file, a_message_is_one_line_whatever_a_name_holds) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file);
  const std::string line = message(file->routine("two\nlines\x7f").error());
  EXPECT_TRUE(line.ends_with("(symbol two\\x0alines\\x7f)")) << line;
}

// Guards an old bug: after an occurrence the search resumed behind its end.
TEST(object_file, occurrences_may_overlap) {
  std::vector<std::byte> bytes = file_bytes(FIXTURE_PROGRAM);
  const auto routine = ObjectFile::open(FIXTURE_PROGRAM)->routine("fixture_caller");
  ASSERT_TRUE(routine);
  const auto at = std::ranges::search(bytes, routine->bytes);
  ASSERT_GE(at.size(), 3u);
  std::ranges::fill_n(at.begin(), 3, std::byte{0x37});  // not an instruction
  const auto file = ObjectFile::parse("changed", bytes);
  ASSERT_TRUE(file);
  const std::vector<std::byte> pattern(2, std::byte{0x37});
  const std::vector<std::uint64_t> found = file->occurrences_in_code(pattern);
  EXPECT_EQ(std::ranges::count(found, routine->address), 1);
  EXPECT_EQ(std::ranges::count(found, routine->address + 1), 1);
  EXPECT_TRUE(file->occurrences_in_code({}).empty());
}

// Guards an old bug: routine() returned the bytes of one of them, bytes() those of the other.
TEST(object_file, two_sections_at_one_address_are_malformed) {
  ChangedFixture<Elf64_Shdr> fixture(fixture_header().e_shoff, fixture_header().e_shnum);
  const auto loaded = fixture.those([](const Elf64_Shdr& section) {
    return section.sh_type == SHT_PROGBITS && (section.sh_flags & SHF_ALLOC) != 0 &&
           section.sh_size > 1;
  });
  ASSERT_GE(loaded.size(), 2u);
  ASSERT_TRUE(fixture.parse());
  loaded[0]->sh_addr = loaded[1]->sh_addr + 1;
  const auto file = fixture.parse();
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, Kind::malformed);
}

// Guards an old bug: bytes that a later segment hides were returned as those that will run.
TEST(object_file, two_segments_in_one_page_are_malformed) {
  ChangedFixture<Elf64_Phdr> fixture(fixture_header().e_phoff, fixture_header().e_phnum);
  const auto loaded =
      fixture.those([](const Elf64_Phdr& segment) { return segment.p_type == PT_LOAD; });
  ASSERT_GE(loaded.size(), 2u);
  ASSERT_TRUE(fixture.parse());
  loaded[0]->p_vaddr = loaded[1]->p_vaddr + loaded[1]->p_memsz;  // in the last page, or its end
  loaded[0]->p_vaddr -= loaded[0]->p_vaddr % 4096 == 0 ? 1 : 0;
  const auto file = fixture.parse();
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, Kind::malformed);
}

TEST(object_file, a_missing_name_is_an_error_that_names_it) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file);
  const auto routine = file->routine("no_such_routine");
  ASSERT_FALSE(routine);
  EXPECT_EQ(message(routine.error()), std::string("fiberproof: ") + FIXTURE_PROGRAM +
                                          ": no such symbol (symbol no_such_routine)");
  EXPECT_EQ(file->section("no_such_section").error().kind, Kind::not_found);
  EXPECT_EQ(file->bytes(1, 1).error().kind, Kind::not_found);
}

TEST(object_file, a_variable_is_not_a_routine) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->routine("fixture_counter").error().kind, Kind::unsuitable);
}

// A relocatable file is placed as a linker would place it: its routines equal those of the linked
// file, except for distances to other sections and files.
TEST(object_file, a_relocatable_file_is_placed_and_its_calls_are_resolved) {
  const auto file = ObjectFile::open(FIXTURE_OBJECT);
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_TRUE(file->is_relocatable());
  const auto leaf = file->routine("fixture_leaf");
  const auto caller = file->routine("fixture_twice");
  ASSERT_TRUE(leaf) << message(leaf.error());
  ASSERT_TRUE(caller) << message(caller.error());
  EXPECT_EQ(file->symbol_at(leaf->address), "fixture_leaf");
  EXPECT_EQ(file->callee("fixture_leaf"), leaf->address);
  EXPECT_TRUE(leaf->relocated.empty());
  ASSERT_FALSE(caller->relocated.empty());
  const auto raw = file->bytes(caller->address, caller->bytes.size());
  EXPECT_EQ(raw.error().kind, Kind::relocated);
  for (const RelocatedField& field : caller->relocated) {
    EXPECT_TRUE(field.is_relative);
    std::int32_t distance = 0;
    ASSERT_LE(field.offset + sizeof distance, caller->bytes.size());
    std::memcpy(&distance, caller->bytes.data() + field.offset, sizeof distance);
    EXPECT_EQ(
        caller->address + field.offset + 4 + static_cast<std::uint64_t>(std::int64_t{distance}),
        leaf->address);
  }
  // A word of the GOT, which the linker will make: the file says whose address it will hold.
  const auto by_got = file->routine("fixture_caller");
  ASSERT_TRUE(by_got) << message(by_got.error());
  const auto is_of_counter = [](const BoundWord& word) { return word.symbol == "fixture_counter"; };
  EXPECT_TRUE(std::ranges::any_of(file->bound_words(), is_of_counter));
}

TEST(object_file, each_external_symbol_has_its_own_address) {
  const auto file = ObjectFile::open(FIXTURE_OBJECT);
  ASSERT_TRUE(file);
  std::vector<std::uint64_t> addresses;
  for (const Symbol& symbol : file->external_symbols()) {
    EXPECT_EQ(file->symbol_at(symbol.address), symbol.name);
    EXPECT_EQ(file->place_of(symbol.address), std::nullopt);
    addresses.push_back(symbol.address);
  }
  EXPECT_TRUE(std::ranges::is_sorted(addresses, std::less_equal{}));
}

TEST(object_file, a_copy_shares_the_names) {
  const auto file = ObjectFile::open(FIXTURE_PROGRAM);
  ASSERT_TRUE(file);
  const ObjectFile copy = *file;
  ASSERT_FALSE(copy.symbols().empty());
  EXPECT_EQ(copy.symbols().front().name.data(), file->symbols().front().name.data());
}

}  // namespace
}  // namespace fiberproof::verify
