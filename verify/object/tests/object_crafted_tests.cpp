// Relocatable files that no compiler makes: how much they cost to read, and that a routine's bytes
// are either those that every linker would make or an error.
#include "verify/object/object_file.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace fiberproof::verify {
namespace {

// One code section with the function `f` and its relocations; the symbols after `f` are given.
struct Crafted {
  std::string code = std::string(16, '\x90');
  std::vector<Elf64_Sym> symbols = {};
  std::vector<Elf64_Rela> relocations = {};
  std::string names = std::string("\0f\0g\0", 5);

  std::vector<std::byte> file() const;
};

template <class Record>
std::uint64_t append(std::string& file, const Record* records, std::size_t count) {
  file.resize((file.size() + 7) / 8 * 8);
  const std::uint64_t offset = file.size();
  file.append(reinterpret_cast<const char*>(records), count * sizeof(Record));
  return offset;
}

std::vector<std::byte> Crafted::file() const {
  std::string text(sizeof(Elf64_Ehdr), '\0');
  std::vector<Elf64_Sym> all{Elf64_Sym{},
                             {1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0, code.size()}};
  all.insert(all.end(), symbols.begin(), symbols.end());
  std::array<Elf64_Shdr, 5> sections{};
  sections[1] = {0,
                 SHT_PROGBITS,
                 SHF_ALLOC | SHF_EXECINSTR,
                 0,
                 append(text, code.data(), code.size()),
                 code.size(),
                 0,
                 0,
                 16,
                 0};
  sections[2] = {0,
                 SHT_SYMTAB,
                 0,
                 0,
                 append(text, all.data(), all.size()),
                 all.size() * sizeof(Elf64_Sym),
                 3,
                 1,
                 8,
                 sizeof(Elf64_Sym)};
  sections[3] = {0, SHT_STRTAB, 0, 0, append(text, names.data(), names.size()), names.size(),
                 0, 0,          1, 0};
  sections[4] = {0,
                 SHT_RELA,
                 0,
                 0,
                 append(text, relocations.data(), relocations.size()),
                 relocations.size() * sizeof(Elf64_Rela),
                 2,
                 1,
                 8,
                 sizeof(Elf64_Rela)};
  Elf64_Ehdr header{{ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                    ET_REL,
                    EM_X86_64,
                    EV_CURRENT,
                    0,
                    0,
                    append(text, sections.data(), sections.size()),
                    0,
                    sizeof(Elf64_Ehdr),
                    0,
                    0,
                    sizeof(Elf64_Shdr),
                    sections.size(),
                    3};
  std::memcpy(text.data(), &header, sizeof header);
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

constexpr Elf64_Sym external{3, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_UNDEF, 0, 0};
constexpr std::uint32_t symbol_g = 2;

Elf64_Rela relocation(std::uint64_t offset, std::uint32_t type) {
  return {offset, ELF64_R_INFO(symbol_g, type), -4};
}

std::expected<Routine, ObjectError> routine_with(std::vector<Elf64_Rela> relocations) {
  const auto file = ObjectFile::parse(
      "crafted", Crafted{.symbols = {external}, .relocations = relocations}.file());
  if (!file) return std::unexpected(file.error());
  return file->routine("f");
}

TEST(object_crafted, a_routine_has_the_distance_to_an_external_symbol) {
  const Crafted crafted{.symbols = {external}, .relocations = {relocation(1, R_X86_64_PLT32)}};
  const auto file = ObjectFile::parse("crafted", crafted.file());
  ASSERT_TRUE(file) << message(file.error());
  const auto routine = file->routine("f");
  ASSERT_TRUE(routine) << message(routine.error());
  std::int32_t distance = 0;
  std::memcpy(&distance, routine->bytes.data() + 1, sizeof distance);
  EXPECT_EQ(routine->address + 5 + static_cast<std::uint64_t>(std::int64_t{distance}),
            file->callee("g"));
  EXPECT_EQ(file->symbol_at(*file->callee("g")), "g");
}

TEST(object_crafted, an_absolute_address_is_filled_in_and_fixes_the_place) {
  const Crafted crafted{.symbols = {external}, .relocations = {relocation(1, R_X86_64_32)}};
  const auto file = ObjectFile::parse("crafted", crafted.file());
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->is_position_independent());
  std::uint32_t address = 0;
  const auto routine = file->routine("f");
  ASSERT_TRUE(routine) << message(routine.error());
  std::memcpy(&address, routine->bytes.data() + 1, sizeof address);
  EXPECT_EQ(address, *file->callee("g") - 4);
}

TEST(object_crafted, relocations_that_a_linker_may_choose_how_to_apply_are_errors) {
  EXPECT_TRUE(routine_with({relocation(0, R_X86_64_NONE)}));
  for (const std::uint32_t type :
       {std::uint32_t{R_X86_64_GOTTPOFF}, std::uint32_t{R_X86_64_GOTPC32_TLSDESC},
        std::uint32_t{R_X86_64_GOTPC64}, std::uint32_t{R_X86_64_TLSGD}, std::uint32_t{R_X86_64_16},
        std::uint32_t{R_X86_64_PC8}, std::uint32_t{0xffff}}) {
    EXPECT_EQ(routine_with({relocation(1, type)}).error().kind, ObjectError::Kind::relocated)
        << type;
  }
}

// A linker's rewriting of it is equivalent.
TEST(object_crafted, a_got_word_has_an_address_and_names_its_symbol) {
  const Crafted crafted{
      .symbols = {external},
      .relocations = {relocation(1, R_X86_64_GOTPCRELX), relocation(6, R_X86_64_GOTPCREL)}};
  const auto file = ObjectFile::parse("crafted", crafted.file());
  ASSERT_TRUE(file) << message(file.error());
  ASSERT_TRUE(file->routine("f"));
  ASSERT_EQ(file->bound_words().size(), 1u);
  const BoundWord& word = file->bound_words().front();
  EXPECT_EQ(word.symbol, "g");
  EXPECT_EQ(word.value, *file->callee("g"));
  EXPECT_NE(word.address, word.value);
  EXPECT_FALSE(file->place_of(word.address)) << "no section has it";
}

TEST(object_crafted, relocations_of_the_same_bytes_are_an_error) {
  EXPECT_TRUE(routine_with({relocation(1, R_X86_64_PC32), relocation(5, R_X86_64_PC32)}));
  EXPECT_EQ(routine_with({relocation(1, R_X86_64_PC32), relocation(4, R_X86_64_PC32)}).error().kind,
            ObjectError::Kind::relocated);
}

TEST(object_crafted, a_relocation_outside_its_section_is_malformed) {
  for (const std::uint64_t offset : {std::uint64_t{13}, std::uint64_t{17}, ~std::uint64_t{0}}) {
    EXPECT_EQ(routine_with({relocation(offset, R_X86_64_PC32)}).error().kind,
              ObjectError::Kind::malformed);
  }
  Elf64_Sym outside = external;
  outside.st_shndx = 1;
  outside.st_value = 17;
  EXPECT_EQ(ObjectFile::parse("crafted", Crafted{.symbols = {outside}}.file()).error().kind,
            ObjectError::Kind::malformed);
}

// Guards an old bug: each symbol had a copy of its name, so that a file of 1 MiB took gigabytes.
TEST(object_crafted, overlapping_names_take_no_extra_memory) {
  Crafted crafted;
  crafted.names += std::string(60'000, 'n') + '\0';
  Elf64_Sym named = external;
  named.st_name = 5;
  named.st_shndx = 1;
  crafted.symbols.assign(40'000, named);
  std::vector<std::byte> bytes = crafted.file();
  const std::size_t size = bytes.size();
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  const auto file = ObjectFile::parse("crafted", std::move(bytes));
  const std::size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_EQ(file->symbols().size(), 40'001u);
  EXPECT_LT(after - before, 4 * size);
}

TEST(object_crafted, an_overlong_name_is_malformed) {
  Crafted crafted;
  crafted.names += std::string(70'000, 'n') + '\0';
  Elf64_Sym named = external;
  named.st_name = 5;
  named.st_shndx = 1;
  crafted.symbols = {named};
  EXPECT_EQ(ObjectFile::parse("crafted", crafted.file()).error().kind,
            ObjectError::Kind::malformed);
}

// The bytes of a crafted file whose section `index` has an address.
std::vector<std::byte> with_address(const Crafted& crafted, std::size_t index,
                                    std::uint64_t address) {
  std::vector<std::byte> bytes = crafted.file();
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::memcpy(
      bytes.data() + header.e_shoff + index * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_addr),
      &address, sizeof address);
  return bytes;
}

// As `ld -r` of binutils 2.44 leaves .note.GNU-stack.
TEST(object_crafted, ignores_the_address_of_an_unloaded_section) {
  const Crafted crafted{.symbols = {external}, .relocations = {relocation(1, R_X86_64_PLT32)}};
  const auto plain = ObjectFile::parse("crafted", crafted.file());
  ASSERT_TRUE(plain) << message(plain.error());
  const auto expected = plain->routine("f");
  ASSERT_TRUE(expected) << message(expected.error());
  for (const std::size_t index : {2u, 3u, 4u}) {
    for (const std::uint64_t address : {std::uint64_t{0x40}, std::uint64_t{1} << 40}) {
      const auto file = ObjectFile::parse("crafted", with_address(crafted, index, address));
      ASSERT_TRUE(file) << message(file.error());
      const auto routine = file->routine("f");
      ASSERT_TRUE(routine) << message(routine.error());
      EXPECT_EQ(routine->address, expected->address);
      EXPECT_EQ(routine->bytes, expected->bytes);
    }
  }
}

TEST(object_crafted, a_loaded_section_with_an_address_is_refused) {
  const auto file = ObjectFile::parse("crafted", with_address(Crafted{}, 1, 0x40));
  ASSERT_FALSE(file);
  EXPECT_NE(message(file.error()).find("has an address"), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::verify
