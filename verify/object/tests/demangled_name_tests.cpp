#include "verify/object/demangled_name.hpp"

#include "verify/object/object_file.hpp"
#include "verify/object/symbol_search.hpp"
#include "verify/object/tests/crafted_elf.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

TEST(demangled_name, names_of_cpp_and_of_both_rusts_are_known) {
  EXPECT_EQ(demangled("_ZN6engine5startEv"), "engine::start()");
  EXPECT_EQ(demangled("_ZN6engine5startEv@@V2"), "engine::start()");
  EXPECT_EQ(demangled("_ZN6engine5start17h0123456789abcdefE"), "engine::start");
  EXPECT_EQ(demangled("_ZN45_$LT$engine..Fiber$u20$as$u20$engine..Run$GT$3run17h0123456789abcdefE"),
            "<engine::Fiber as engine::Run>::run");
  EXPECT_EQ(demangled("_RNvNtCs2OpA4fNwd7R_1r6engine5start"), "r::engine::start");
  EXPECT_EQ(demangled("_RNvMNtCs2OpA4fNwd7R_1r6engineNtB2_5Fiber5start"),
            "r::engine::Fiber::start");
  EXPECT_EQ(demangled("_RNvXs_NtCs2OpA4fNwd7R_1r6engineNtB4_5FiberNtB4_3Run3run"),
            "<r::engine::Fiber as r::engine::Run>::run");
  EXPECT_EQ(demangled("_RINvNtCs2OpA4fNwd7R_1r6engine3genmEB4_"), "r::engine::gen");
  EXPECT_EQ(demangled("engine_start.lto_priv.0"), "engine_start");
  EXPECT_EQ(demangled("_ZN6engine5startEv.llvm.1234"), "engine::start()");
  for (const char* const name : {"main", "engine_start", "_Z", "_R", "_RNv", "_RB_", "_RNvB_1a",
                                 "_RNvC1r99999999999start", "wasm[0]::function[3]", ""}) {
    EXPECT_EQ(demangled(name), std::nullopt) << name;
  }
}

TEST(demangled_name, a_name_matches_the_end_of_a_qualified_name) {
  for (const char* const name : {"engine::start(int, char)", "engine::start(int,char)",
                                 "engine::start", "start", "start(int, char)"}) {
    EXPECT_TRUE(can_mean(name, "engine::start(int, char)")) << name;
  }
  for (const char* const name :
       {"tart", "engine", "engine::start()", "", "(int, char)", "engine::"}) {
    EXPECT_FALSE(can_mean(name, "engine::start(int, char)")) << name;
  }
  EXPECT_TRUE(can_mean("start<int>", "void engine::start<int>(int)"));
  EXPECT_TRUE(can_mean("engine::start", "void engine::start<int>(int)"));
  EXPECT_TRUE(can_mean("Fiber::run", "engine::Fiber::run() const"));
  EXPECT_TRUE(can_mean("operator+", "Fiber operator+(Fiber, Fiber)"));
  EXPECT_TRUE(can_mean("Fiber::operator()", "engine::Fiber::operator()(int) const"));
  EXPECT_FALSE(can_mean("bool", "Fiber::operator bool() const"));
  EXPECT_TRUE(can_mean("<r::Fiber>::start", "r::Fiber::start"));
  // Parts and thunks are other code.
  EXPECT_FALSE(can_mean("engine::start", "engine::start() [clone .cold]"));
  EXPECT_TRUE(can_mean("engine::start() [clone .cold]", "engine::start() [clone .cold]"));
  EXPECT_FALSE(can_mean("Fiber::run", "non-virtual thunk to Fiber::run()"));
}

TEST(demangled_name, similar_texts_are_close) {
  EXPECT_EQ(distance("mystart", "my_start"), 1u);
  EXPECT_EQ(distance("strat", "start"), 1u);
  EXPECT_EQ(distance("START", "start"), 0u);
  EXPECT_TRUE(distance("start", "engine_start"));
  EXPECT_FALSE(distance("x", "engine_start"));
  EXPECT_FALSE(distance("resume", "fiber"));
  EXPECT_FALSE(distance("", "fiber"));
}

ObjectFile file_with(const std::vector<const char*>& names) {
  CraftedElf elf;
  const auto text = static_cast<std::uint16_t>(elf.add_code(".text", std::string(64, '\xc3')));
  std::vector<Elf64_Sym> symbols;
  for (const char* const name : names) {
    symbols.push_back(elf.symbol(name, STB_GLOBAL, STT_FUNC, text, symbols.size(), 1));
  }
  elf.add_symbols(symbols);
  return *ObjectFile::parse("crafted", elf.file());
}

std::vector<std::string> meant(const ObjectFile& file, std::string_view name) {
  return symbols_meant(std::span(&file, 1), name).symbols;
}

TEST(demangled_name, finds_a_symbol_by_each_of_its_names) {
  using Names = std::vector<std::string>;
  const ObjectFile file =
      file_with({"_ZN6engine5startEv", "_ZN5other5startEi", "_ZN5other5startEc", "start_here",
                 "_RNvNtCs2OpA4fNwd7R_1r5fiber4wake", "_ZN6engine5startEv.cold"});
  EXPECT_EQ(meant(file, "engine::start"), Names{"_ZN6engine5startEv"});
  EXPECT_EQ(meant(file, "engine::start()"), Names{"_ZN6engine5startEv"});
  EXPECT_EQ(meant(file, "other::start(int)"), Names{"_ZN5other5startEi"});
  EXPECT_EQ(meant(file, "fiber::wake"), Names{"_RNvNtCs2OpA4fNwd7R_1r5fiber4wake"});
  EXPECT_EQ(meant(file, "other::start").size(), 2u);
  EXPECT_EQ(meant(file, "start").size(), 3u);
  EXPECT_EQ(meant(file, "start_here"), Names{"start_here"});
  EXPECT_TRUE(meant(file, "strat_here").empty());
  EXPECT_EQ(near_names(std::span(&file, 1), "strat_here", 1), Names{"start_here"});
  EXPECT_EQ(functions_of(std::span(&file, 1), 2).names.size(), 2u);
  EXPECT_EQ(functions_of(std::span(&file, 1), 2).count, 6u);
}

// As a class has for its constructors.
TEST(demangled_name, two_names_of_one_function_are_one) {
  CraftedElf elf;
  const auto text = static_cast<std::uint16_t>(elf.add_code(".text", "\xc3"));
  elf.add_symbols({elf.symbol("_ZN5FiberC1Ev", STB_GLOBAL, STT_FUNC, text, 0, 1),
                   elf.symbol("_ZN5FiberC2Ev", STB_GLOBAL, STT_FUNC, text, 0, 1)});
  const ObjectFile file = *ObjectFile::parse("crafted", elf.file());
  EXPECT_EQ(meant(file, "Fiber::Fiber").size(), 1u);
}

}  // namespace
}  // namespace fiberproof::verify
