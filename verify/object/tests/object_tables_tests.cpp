// Rare but valid tables of object files: extended section numbers, groups, versions, bindings,
// files without a section table, and files whose code is elsewhere.
#include "verify/object/object_file.hpp"
#include "verify/object/tests/crafted_elf.hpp"

#include <elf.h>
#include <gtest/gtest.h>
#include <algorithm>
#include <cstring>

namespace fiberproof::verify {
namespace {

using Kind = ObjectError::Kind;

const std::string returns_one("\xb8\x01\x00\x00\x00\xc3", 6);
const std::string returns_two("\xb8\x02\x00\x00\x00\xc3", 6);
const std::string calls("\xe8\x00\x00\x00\x00\xc3", 6);

std::expected<ObjectFile, ObjectError> parse(CraftedElf& elf) {
  return ObjectFile::parse("crafted", elf.file());
}

std::vector<std::byte> as_bytes(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void expect_error(const std::expected<Routine, ObjectError>& routine, Kind kind,
                  const std::string& reason) {
  ASSERT_FALSE(routine) << reason;
  EXPECT_EQ(routine.error().kind, kind);
  EXPECT_NE(message(routine.error()).find(reason), std::string::npos) << message(routine.error());
}

// gABI, st_shndx: SHN_XINDEX says that the number is in .symtab_shndx. That does not require 65,000
// sections, so a small file is enough.
struct ExtendedNumbers {
  explicit ExtendedNumbers(std::vector<std::uint32_t> numbers) {
    const std::uint32_t first = elf.add_code(".text.one", returns_one);
    const std::uint32_t second = elf.add_code(".text.calls", calls);
    EXPECT_EQ(first, 2u);
    EXPECT_EQ(second, 3u);
    const std::uint32_t table =
        elf.add_symbols({elf.symbol("f", STB_GLOBAL, STT_FUNC, SHN_XINDEX, 0, returns_one.size()),
                         elf.symbol("g", STB_GLOBAL, STT_FUNC, SHN_XINDEX, 0, calls.size())});
    if (!numbers.empty()) {
      numbers.insert(numbers.begin(), 0);
      elf.add(".symtab_shndx", section_header(SHT_SYMTAB_SHNDX, 0, table, 0, 4),
              bytes_of_records(numbers));
    }
    const std::vector<Elf64_Rela> relocations{{1, ELF64_R_INFO(1, R_X86_64_PLT32), -4}};
    elf.add(".rela.text.calls", section_header(SHT_RELA, 0, table, second, sizeof(Elf64_Rela)),
            bytes_of_records(relocations));
  }
  CraftedElf elf;
};

TEST(object_tables, an_extended_section_number_is_that_of_symbols_and_of_relocations) {
  ExtendedNumbers extended({2, 3});
  const auto file = parse(extended.elf);
  ASSERT_TRUE(file) << message(file.error());
  const auto callee = file->routine("f");
  ASSERT_TRUE(callee) << message(callee.error());
  EXPECT_EQ(callee->bytes, as_bytes(returns_one));
  const auto caller = file->routine("g");
  ASSERT_TRUE(caller) << message(caller.error());
  std::int32_t distance = 0;
  std::memcpy(&distance, caller->bytes.data() + 1, sizeof distance);
  EXPECT_EQ(caller->address + 5 + static_cast<std::uint64_t>(std::int64_t{distance}),
            callee->address);
}

TEST(object_tables, a_missing_extended_section_number_is_malformed) {
  for (const std::vector<std::uint32_t>& numbers :
       {std::vector<std::uint32_t>{}, {2}, {2, 99}, {0xffffffff, 3}}) {
    ExtendedNumbers extended(numbers);
    const auto file = parse(extended.elf);
    ASSERT_FALSE(file) << numbers.size();
    EXPECT_EQ(file.error().kind, Kind::malformed);
  }
}

TEST(object_tables, ignores_extended_numbers_of_another_symbol_table) {
  ExtendedNumbers extended({2, 3});
  extended.elf.header(5).sh_link = 1;
  EXPECT_FALSE(parse(extended.elf));
}

// gABI, e_shstrndx and e_shnum: a number that does not fit is in the first section's entry.
TEST(object_tables, the_number_of_the_table_of_names_may_be_extended) {
  CraftedElf elf;
  const std::uint32_t text = elf.add_code(".text", returns_one);
  elf.add_symbols({elf.symbol("f", STB_GLOBAL, STT_FUNC, static_cast<std::uint16_t>(text), 0, 6)});
  elf.header(0).sh_link = elf.names();
  elf.header(0).sh_size = 4;
  std::vector<std::byte> bytes = elf.file();
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.e_shnum = 0;
  header.e_shstrndx = SHN_XINDEX;
  std::memcpy(bytes.data(), &header, sizeof header);
  const auto file = ObjectFile::parse("crafted", bytes);
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_TRUE(file->routine("f"));
  EXPECT_TRUE(file->section(".text"));
}

struct Bound {
  const char* name;
  unsigned binding;
  unsigned type;
  std::uint16_t section;
  std::uint64_t value;
  std::uint64_t size;
};

// Two functions, in sections 2 and 3; data is in section 4.
std::expected<ObjectFile, ObjectError> file_with(const std::vector<Bound>& symbols) {
  CraftedElf elf;
  elf.add_code(".text.one", returns_one);
  elf.add_code(".text.two", returns_two);
  elf.add(".data", section_header(SHT_PROGBITS, SHF_ALLOC | SHF_WRITE), std::string(8, 'd'));
  std::vector<Elf64_Sym> all;
  for (const auto& [name, binding, type, section, value, size] : symbols) {
    all.push_back(elf.symbol(name, binding, type, section, value, size));
  }
  elf.add_symbols(all);
  return parse(elf);
}

TEST(object_tables, prefers_global_to_weak_to_local) {
  const std::vector<Bound> all{{"f", STB_LOCAL, STT_FUNC, 2, 0, 6},
                               {"f", STB_WEAK, STT_FUNC, 3, 0, 6}};
  const auto weak = file_with(all)->routine("f");
  ASSERT_TRUE(weak) << message(weak.error());
  EXPECT_EQ(weak->bytes, as_bytes(returns_two));
  for (const unsigned binding : {unsigned{STB_GLOBAL}, unsigned{STB_GNU_UNIQUE}}) {
    const auto file = file_with({{"f", STB_WEAK, STT_FUNC, 3, 0, 6},
                                 {"f", binding, STT_FUNC, 2, 0, 6},
                                 {"f", STB_LOCAL, STT_FUNC, 3, 0, 6}});
    const auto global = file->routine("f");
    ASSERT_TRUE(global) << message(global.error());
    EXPECT_EQ(global->bytes, as_bytes(returns_one));
    EXPECT_EQ(file->callee("f"), global->address);
    EXPECT_EQ(file->binding_of("f"), Binding::global);
  }
}

// .symtab is asked first, but a name that is in no section there may be in one by .dynsym.
TEST(object_tables, a_name_that_is_in_a_section_by_one_table_is_defined) {
  CraftedElf elf;
  const auto code = static_cast<std::uint16_t>(elf.add_code(".text", returns_one));
  elf.add_symbols({elf.symbol("f", STB_GLOBAL, STT_FUNC, SHN_ABS, 0, 0)});
  elf.add_symbols({elf.symbol("f", STB_GLOBAL, STT_FUNC, code, 0, returns_one.size())}, SHT_DYNSYM);
  const auto file = parse(elf);
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_TRUE(file->defines("f"));
  const auto routine = file->routine("f");
  ASSERT_TRUE(routine) << message(routine.error());
  EXPECT_EQ(routine->bytes, as_bytes(returns_one));
}

TEST(object_tables, several_local_functions_are_an_error_that_lists_their_places) {
  const auto file = file_with({{"one.c", STB_LOCAL, STT_FILE, SHN_ABS, 0, 0},
                               {"f", STB_LOCAL, STT_FUNC, 2, 0, 6},
                               {"two.c", STB_LOCAL, STT_FILE, SHN_ABS, 0, 0},
                               {"f", STB_LOCAL, STT_FUNC, 3, 1, 5}});
  expect_error(file->routine("f"), Kind::unsuitable,
               ".text.one+0x0:6 of one.c or .text.two+0x1:5 of two.c");
  EXPECT_EQ(file->callee("f").error().kind, Kind::unsuitable);
  // Each of these texts is accepted in place of a name.
  EXPECT_EQ(file->callee(".text.two").value_or(0) + 1, file->symbols()[1].address);
}

TEST(object_tables, two_names_of_one_function_are_one_function) {
  const auto file = file_with({{"f", STB_LOCAL, STT_FUNC, 2, 0, 6},
                               {"f", STB_LOCAL, STT_FUNC, 2, 0, 6},
                               {"alias", STB_GLOBAL, STT_FUNC, 2, 0, 6}});
  EXPECT_TRUE(file->routine("f"));
  EXPECT_EQ(file->routine("f")->bytes, file->routine("alias")->bytes);
}

TEST(object_tables, a_non_function_is_named_as_what_it_is) {
  const auto file = file_with({{"indirect", STB_GLOBAL, STT_GNU_IFUNC, 2, 0, 6},
                               {"data", STB_GLOBAL, STT_OBJECT, 4, 0, 8},
                               {"thread", STB_GLOBAL, STT_TLS, 4, 0, 8},
                               {"absolute", STB_GLOBAL, STT_FUNC, SHN_ABS, 0x1000, 6},
                               {"common", STB_GLOBAL, STT_OBJECT, SHN_COMMON, 8, 8},
                               {"no_size", STB_GLOBAL, STT_FUNC, 2, 2, 0},
                               {"no_type", STB_GLOBAL, STT_NOTYPE, 3, 0, 6}});
  ASSERT_TRUE(file) << message(file.error());
  expect_error(file->routine("indirect"), Kind::unsuitable, "an indirect function (STT_GNU_IFUNC)");
  // Its address is the resolver's: a call of that is not a call of the function that the resolver
  // chooses.
  EXPECT_EQ(file->callee("indirect").error().kind, Kind::unsuitable);
  expect_error(file->routine("data"), Kind::unsuitable, "a variable");
  EXPECT_FALSE(file->callee("data"));
  expect_error(file->routine("thread"), Kind::unsuitable, "a thread-local variable");
  EXPECT_FALSE(file->callee("thread"));
  expect_error(file->routine("absolute"), Kind::unsuitable, "in no section");
  EXPECT_FALSE(file->callee("absolute"));
  expect_error(file->routine("common"), Kind::unsuitable, "in no section");
  expect_error(file->routine("no_size"), Kind::unsuitable, "up to the next symbol it is no_size:4");
  expect_error(file->routine("no_type"), Kind::unsuitable, "type no_type:6");
}

TEST(object_tables, a_symbol_that_is_larger_than_its_section_is_malformed) {
  for (const std::uint64_t size : {std::uint64_t{7}, ~std::uint64_t{0}}) {
    const auto file = file_with({{"f", STB_GLOBAL, STT_FUNC, 2, 0, size}});
    expect_error(file->routine("f"), Kind::malformed, "ends outside its section");
  }
}

TEST(object_tables, a_group_gives_its_members_its_name) {
  const auto file_with_group = [](std::uint32_t flags, std::uint32_t member) {
    CraftedElf elf;
    const std::uint32_t text = elf.add_code(".text.f", returns_one);
    const std::uint32_t table = elf.add_symbols(
        {elf.symbol("f", STB_GLOBAL, STT_FUNC, static_cast<std::uint16_t>(text), 0, 6)});
    elf.add(".group", section_header(SHT_GROUP, 0, table, 1, 4),
            bytes_of_records(std::vector<std::uint32_t>{flags, member}));
    return parse(elf);
  };
  EXPECT_EQ(file_with_group(GRP_COMDAT, 2)->group_of("f"), "f");
  EXPECT_EQ(file_with_group(GRP_COMDAT, 3)->group_of("f"), "");
  EXPECT_EQ(file_with_group(0, 2)->group_of("f"), "");
  EXPECT_EQ(file_with_group(GRP_COMDAT, 77).error().kind, Kind::malformed);
}

// A program of one page: its header, then code.
CraftedElf program() {
  CraftedElf elf(ET_EXEC);
  const std::uint32_t text = elf.add_code(".text", returns_one);
  elf.header(text).sh_addr = 0x401000;
  return elf;
}

std::uint64_t offset_of_code(const std::vector<std::byte>& file) {
  const std::vector<std::byte> code = as_bytes(returns_one);
  const auto found = std::ranges::search(file, code);
  return static_cast<std::uint64_t>(found.begin() - file.begin());
}

TEST(object_tables, a_file_without_sections_is_read_by_its_segments) {
  CraftedElf elf = program();
  const std::uint64_t at = [&] {
    elf.set_segments({Elf64_Phdr{}});
    return offset_of_code(elf.file(false));
  }();
  elf.set_segments({{PT_LOAD, PF_R | PF_X, 0, 0x400000, 0x400000, at + 6, at + 6, 0x1000}});
  const auto file = ObjectFile::parse("crafted", elf.file(false));
  ASSERT_TRUE(file) << message(file.error());
  const auto code = file->code("f", 0x400000 + at, 6);
  ASSERT_TRUE(code) << message(code.error());
  EXPECT_EQ(code->bytes, as_bytes(returns_one));
  EXPECT_FALSE(file->code("f", 0x400000 + at, 7));
  expect_error(file->routine("f"), Kind::not_found, "stripped; type 0xADDRESS:BYTES");
  // Data there is not code, either.
  elf.set_segments({{PT_LOAD, PF_R | PF_W, 0, 0x400000, 0x400000, at + 6, at + 6, 0x1000}});
  const auto data = ObjectFile::parse("crafted", elf.file(false));
  ASSERT_TRUE(data) << message(data.error());
  EXPECT_EQ(data->code("f", 0x400000 + at, 6).error().kind, Kind::unsuitable);
}

TEST(object_tables, a_file_whose_code_is_elsewhere_is_a_debug_file) {
  for (const std::uint16_t type :
       {std::uint16_t{ET_EXEC}, std::uint16_t{ET_DYN}, std::uint16_t{ET_REL}}) {
    CraftedElf elf(type);
    Elf64_Shdr text = section_header(SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR);
    text.sh_size = 6;
    elf.add(".text", text, "");
    // The segments are those of the other file.
    if (type != ET_REL) elf.set_segments({{PT_LOAD, PF_R | PF_X, 0x9000, 0, 0, 6, 6, 0x1000}});
    const auto file = parse(elf);
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().kind, Kind::unsuitable);
    EXPECT_NE(message(file.error()).find("a debug file: its code is elsewhere"), std::string::npos);
  }
}

TEST(object_tables, names_gcc_bitcode) {
  CraftedElf slim;
  slim.add_code(".text", "");
  slim.add(".gnu.lto_f.0.1", section_header(SHT_PROGBITS, SHF_EXCLUDE), "tree");
  const auto refused = parse(slim);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::not_elf);
  EXPECT_NE(message(refused.error()).find("-ffat-lto-objects"), std::string::npos);
  CraftedElf fat;
  const std::uint32_t text = fat.add_code(".text", returns_one);
  fat.add(".gnu.lto_f.0.1", section_header(SHT_PROGBITS, SHF_EXCLUDE), "tree");
  fat.add_symbols({fat.symbol("f", STB_GLOBAL, STT_FUNC, static_cast<std::uint16_t>(text), 0, 6)});
  EXPECT_TRUE(parse(fat)->routine("f"));
}

// NAME@VERSION and NAME@@VERSION; plain NAME means the second.
TEST(object_tables, versions_of_one_function_are_told_apart) {
  CraftedElf elf(ET_DYN);
  const std::uint32_t text = elf.add_code(".text", returns_one + returns_two);
  elf.header(text).sh_addr = 0x1000;
  const auto section = static_cast<std::uint16_t>(text);
  const std::uint32_t symbols =
      elf.add_symbols({elf.symbol("f", STB_GLOBAL, STT_FUNC, section, 0x1000, 6),
                       elf.symbol("f", STB_GLOBAL, STT_FUNC, section, 0x1006, 6)},
                      SHT_DYNSYM);
  elf.add(".gnu.version", section_header(SHT_GNU_versym, 0, symbols, 0, 2),
          bytes_of_records(std::vector<std::uint16_t>{0, 2 | 0x8000, 3}));
  struct Definition {
    Elf64_Verdef version;
    Elf64_Verdaux name;
  };
  const auto definition = [&](std::uint16_t number, const char* name, std::uint32_t next) {
    return Definition{{1, 0, number, 1, 0, sizeof(Elf64_Verdef), next}, {elf.text(name), 0}};
  };
  elf.add(".gnu.version_d", section_header(SHT_GNU_verdef, 0, elf.names(), 3),
          bytes_of_records(std::vector<Definition>{definition(1, "lib.so", sizeof(Definition)),
                                                   definition(2, "V1", sizeof(Definition)),
                                                   definition(3, "V2", 0)}));
  const auto file = parse(elf);
  ASSERT_TRUE(file) << message(file.error());
  EXPECT_EQ(file->callee("f"), 0x1006u);
  EXPECT_EQ(file->callee("f@V1"), 0x1000u);
  EXPECT_EQ(file->callee("f@V2"), 0x1006u);
  EXPECT_EQ(file->callee("f@@V2"), 0x1006u);
  EXPECT_FALSE(file->callee("f@@V1"));
  EXPECT_FALSE(file->callee("f@V3"));
}

TEST(object_tables, a_version_in_a_name_is_found_without_it_where_it_is_the_default) {
  const auto file = file_with({{"f@@V2", STB_GLOBAL, STT_FUNC, 2, 0, 6},
                               {"f@V1", STB_GLOBAL, STT_FUNC, 3, 0, 6},
                               {"g@V1", STB_GLOBAL, STT_FUNC, 3, 0, 6}});
  EXPECT_EQ(file->routine("f")->bytes, as_bytes(returns_one));
  EXPECT_EQ(file->routine("f@V1")->bytes, as_bytes(returns_two));
  EXPECT_EQ(file->routine("g").error().kind, Kind::not_found);
}

}  // namespace
}  // namespace fiberproof::verify
