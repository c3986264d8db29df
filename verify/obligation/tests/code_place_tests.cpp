// A typed place, and the symbol of a file that it means.
#include "verify/obligation/code_place.hpp"

#include "verify/object/tests/crafted_elf.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

ObjectFile file_with(const std::vector<const char*>& names) {
  CraftedElf elf;
  const auto text = static_cast<std::uint16_t>(elf.add_code(".text", std::string(256, '\xc3')));
  std::vector<Elf64_Sym> symbols;
  for (const char* const name : names) {
    symbols.push_back(elf.symbol(name, STB_GLOBAL, STT_FUNC, text, 16 * symbols.size(), 16));
  }
  elf.add_symbols(symbols);
  return *ObjectFile::parse("crafted.o", elf.file());
}

std::string resolved(const ObjectFile& file, std::string_view text) {
  const auto typed = parse_code_place(text);
  if (!typed) return typed.error();
  const auto place = resolve(*typed, file);
  return place ? text_of(*place) : place.error();
}

void expect_error(const ObjectFile& file, std::string_view text, std::string_view reason) {
  const std::string answer = resolved(file, text);
  EXPECT_TRUE(answer.starts_with("fiberproof: crafted.o: ")) << answer;
  EXPECT_NE(answer.find(reason), std::string::npos) << answer;
}

TEST(code_place, tries_the_whole_symbol_before_its_parts) {
  const ObjectFile file =
      file_with({"wasm[0]::function[3]", "_ZN6engine5startEv", "operator+", "f+1", "f:12a", "::"});
  EXPECT_EQ(resolved(file, "wasm[0]::function[3]"), "wasm[0]::function[3]");
  EXPECT_EQ(resolved(file, "wasm[0]::function[3]:13"), "wasm[0]::function[3]:13");
  EXPECT_EQ(resolved(file, "wasm[0]::function[3]+4:9"), "wasm[0]::function[3]+0x4:9");
  EXPECT_EQ(resolved(file, "engine::start"), "_ZN6engine5startEv");
  EXPECT_EQ(resolved(file, "engine::start()"), "_ZN6engine5startEv");
  EXPECT_EQ(resolved(file, "engine::start:30"), "_ZN6engine5startEv:30");
  EXPECT_EQ(resolved(file, "engine::start()+0x2:3"), "_ZN6engine5startEv+0x2:3");
  EXPECT_EQ(resolved(file, "operator+"), "operator+");
  EXPECT_EQ(resolved(file, "operator+:5"), "operator+:5");
  EXPECT_EQ(resolved(file, "operator++0:5"), "operator+:5");
  EXPECT_EQ(resolved(file, "f+1"), "f+1");
  EXPECT_EQ(resolved(file, "f+1:2"), "f+1:2");
  EXPECT_EQ(resolved(file, "f:12a"), "f:12a");
  EXPECT_EQ(resolved(file, "::"), "::");
}

TEST(code_place, an_ambiguous_text_is_an_error_that_says_how_to_type_each) {
  const ObjectFile file = file_with({"f", "f:12", "g", "g+4", "g+4:8"});
  expect_error(file, "f:12",
               "both f:12 and f are symbols: type f:12:BYTES for the first, or f+0:12");
  EXPECT_EQ(resolved(file, "f:12:16"), "f:12:16");
  EXPECT_EQ(resolved(file, "f+0:12"), "f:12");
  expect_error(file, "g+4:8", "both g+4:8 and g+4 are symbols");
  expect_error(file, "g+4:9", "both g+4 and g are symbols: type g+4+0:9 for the first, or g+0x4:9");
  EXPECT_EQ(resolved(file, "g+4+0:9"), "g+4:9");
  EXPECT_EQ(resolved(file, "g+0x4:9"), "g+0x4:9");
}

TEST(code_place, a_name_of_several_functions_is_an_error_that_lists_them) {
  const ObjectFile file = file_with({"_ZN1a5startEv", "_ZN1b5startEv"});
  expect_error(file, "start",
               "type the whole name, _ZN1a5startEv (a::start()) or _ZN1b5startEv (b::start())");
  EXPECT_EQ(resolved(file, "b::start"), "_ZN1b5startEv");
}

TEST(code_place, an_unknown_name_suggests_similar_ones_and_a_wrong_number_is_named) {
  const ObjectFile file = file_with({"my_start", "_ZN6engine6resumeEv"});
  expect_error(file, "mystart", "no such symbol: did you mean my_start?");
  expect_error(file, "mystart:12", "did you mean my_start?");
  expect_error(file, "engine::resum", "no such symbol: did you mean engine::resume()?");
  expect_error(file, "my_start:0", "no number of bytes after ':': did you mean my_start?");
  expect_error(file, "my_start+1", "a part of a function needs ':' and its bytes");
  expect_error(file, "my_start+x:1", "no number after '+'");
  expect_error(file, "quite_another_name", "no such symbol");
}

TEST(code_place, an_address_is_not_a_name) {
  const ObjectFile file = file_with({"f"});
  EXPECT_EQ(resolved(file, "0x10:4"), "0x10:4");
  EXPECT_EQ(resolved(file, "0x10"), "0x10");
  EXPECT_FALSE(parse_code_place("0xg:1"));
  EXPECT_FALSE(parse_code_place("0x10:0"));
  EXPECT_FALSE(parse_code_place(""));
}

TEST(code_place, a_code_section_means_its_first_byte) {
  const ObjectFile file = file_with({"f", "g"});
  const auto place = resolve(*parse_code_place(".text+0x10:16"), file);
  ASSERT_TRUE(place) << place.error();
  EXPECT_EQ(routine_at(file, *place)->address, file.callee("g"));
}

}  // namespace
}  // namespace fiberproof::verify
