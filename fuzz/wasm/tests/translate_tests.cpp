// Whole modules, without an engine: their form, what they share, what they say of themselves.
#include "fuzz/wasm/translation.hpp"

#include "fuzz/generate/engine_profile.hpp"
#include "fuzz/wasm/tests/program_of.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace fiberproof::fuzz::wasm {
namespace {

std::optional<std::uint64_t> read_unsigned(const std::vector<std::uint8_t>& bytes,
                                           std::size_t& at) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; at < bytes.size() && shift < 64; shift += 7) {
    const std::uint8_t byte = bytes[at++];
    number |= std::uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return number;
  }
  return std::nullopt;
}

/// The sizes of the sections by their ids; empty where the module is none.
std::map<std::uint8_t, std::size_t> sections(const Module& module) {
  constexpr std::uint8_t order[] = {1, 2, 3, 4, 13, 6, 7, 9, 10};
  std::map<std::uint8_t, std::size_t> found;
  std::size_t at = 8;
  const std::uint8_t* next = std::begin(order);
  while (at < module.bytes.size()) {
    const std::uint8_t id = module.bytes[at++];
    next = std::find(next, std::end(order), id);
    const auto size = read_unsigned(module.bytes, at);
    if (next == std::end(order) || !size || at + *size > module.bytes.size()) return {};
    ++next;
    found[id] = *size;
    at += *size;
  }
  return found;
}

/// The number of tables that the module defines.
std::uint64_t tables_in(const Module& module) {
  constexpr std::uint8_t table_section = 4;
  for (std::size_t at = 8; at < module.bytes.size();) {
    const std::uint8_t id = module.bytes[at++];
    const std::uint64_t size = read_unsigned(module.bytes, at).value_or(module.bytes.size());
    if (id == table_section) return read_unsigned(module.bytes, at).value_or(0);
    at += size;
  }
  return 0;
}

Program generated(std::uint64_t seed) {
  Random random(seed);
  Program program;
  generate_for_engines(random, program);
  return program;
}

std::size_t size_of(const Translation& translation) {
  std::size_t size = 0;
  for (const Module& module : translation.modules) {
    size += module.bytes.size();
  }
  return size;
}

TEST(translate, a_module_is_its_sections_in_their_order) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Translation translation = translate(generated(seed));
    ASSERT_FALSE(translation.modules.empty());
    for (const Module& module : translation.modules) {
      const auto found = sections(module);
      EXPECT_TRUE(found.contains(1)) << "seed " << seed;
      EXPECT_EQ(found.contains(3), found.contains(10)) << "seed " << seed;
    }
  }
}

TEST(translate, the_same_program_is_the_same_modules) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Translation once = translate(generated(seed));
    translate(generated(seed + 1000));
    const Translation again = translate(generated(seed), {.with_text = true});
    ASSERT_EQ(once.modules.size(), again.modules.size());
    for (std::size_t index = 0; index < once.modules.size(); ++index) {
      EXPECT_EQ(once.modules[index].bytes, again.modules[index].bytes) << "seed " << seed;
      EXPECT_TRUE(once.modules[index].text.empty());
    }
  }
}

TEST(translate, the_text_closes_what_it_opens) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Translation translation = translate(generated(seed), {.with_text = true});
    for (const Module& module : translation.modules) {
      std::ptrdiff_t depth = 0;
      for (const char letter : module.text) {
        depth += letter == '(' ? 1 : letter == ')' ? -1 : 0;
        ASSERT_GE(depth, 0);
      }
      EXPECT_EQ(depth, 0) << module.text;
    }
  }
}

TEST(translate, functions_are_spread_over_instances) {
  const Translation translation =
      translate(program_of("new h0 f1 on s0\nresume h0 0 to h1", "instances 3"));
  ASSERT_EQ(translation.modules.size(), 4u);
  EXPECT_EQ(translation.modules[0].name, "lib");
  EXPECT_EQ(translation.modules[1].name, "m0");
  EXPECT_EQ(translation.modules[3].name, "m2");
}

// Engines allow 100 tables in a module. Each bind leaves a handle of another type.
TEST(translate, types_beyond_the_tables_that_an_engine_allows_have_globals) {
  Program program = program_of("new h0 f0 on s0\nbind h0 1 to h0\nrepeat 1 150", "handles tables");
  program.functions[0].params = 200;
  const std::uint64_t tables = tables_in(translate(program).modules.back());
  EXPECT_GT(tables, 50u);
  EXPECT_LE(tables, 100u);
}

TEST(translate, a_repetition_is_a_loop) {
  const auto of = [](std::string_view count) {
    std::string steps =
        "new h0 f1 on s0\nresume h0 0 to h0 suspends t0\nsuspend t0 2 room 2\n"
        "resume h0 2 to h0 suspends t0\nrepeat 2 ";
    return size_of(translate(program_of(steps.append(count))));
  };
  EXPECT_LT(of("900"), of("100") + 16);
}

TEST(translate, continuations_that_do_the_same_share_a_function) {
  const auto of = [](std::string_view count) {
    std::string steps = "new h0 f1 on s0\nresume h0 0 to h0\nrepeat 2 ";
    return size_of(translate(program_of(steps.append(count))));
  };
  // Two bytes for the place of each in a table.
  EXPECT_LT(of("900"), of("100") + 3 * 800);
}

TEST(translate, what_a_run_has_is_said) {
  const Contents contents =
      translate(program_of("new h0 f0 on s0\nbind h0 1 to h0\ntry\nresume h0 1 to h0\nthrow\n"
                           "collect\nenter\nleave",
                           "values struct"))
          .contents;
  EXPECT_TRUE(contents.binds && contents.references && contents.exceptions);
  EXPECT_TRUE(contents.collections && contents.enters);
  EXPECT_FALSE(contents.switches);
  EXPECT_EQ(contents.continuations, 1u);
}

// A switch that nothing handles traps, and is an instruction of the module all the same.
TEST(translate, a_switch_that_traps_is_said) {
  EXPECT_TRUE(
      translate(program_of("new h0 f1 on s0\nswitch h0 t0 0 room 0 to h1")).contents.switches);
}

TEST(translate, values_beyond_the_bound_are_left_out_and_said) {
  Program program = program_of("new h0 f0 on s0\nresume h0 2000 to h0");
  program.functions[0].params = 2000;
  program.stacks[0].bytes = 1024 * 1024;
  const Translation translation = translate(program);
  ASSERT_EQ(translation.left_out.size(), 1u);
  EXPECT_TRUE(translation.left_out[0].starts_with("values beyond")) << translation.left_out[0];
}

TEST(translate, what_no_module_has_is_another_step_and_said) {
  const auto left_out = [](std::string_view steps) {
    const Translation translation = translate(program_of(steps));
    EXPECT_FALSE(translation.parts.empty());
    return translation.left_out;
  };
  EXPECT_EQ(left_out("cleanup\nthrow\nback\ncleanup"),
            (std::vector<std::string>{"cleanup: a module has no destructors; it is a call"}));
  EXPECT_EQ(
      left_out("enter other\nleave\nenter other"),
      (std::vector<std::string>{"the other store: a module has one, which is entered again"}));
  EXPECT_EQ(left_out("move"), (std::vector<std::string>{"move: a module has one thread"}));
  EXPECT_EQ(left_out("new h0 f1 on s0\nresume h0 0 to h0 suspends t0\nsuspend t0 16 room 17\n"
                     "resume h0 15 to h0 suspends t0\nsuspend t0 0 room 16"),
            (std::vector<std::string>{"values of a suspension beyond the usual number"}));
  // Clauses of another tag lead to the same clause of the module.
  EXPECT_TRUE(left_out("new h0 f1 on s0\nresume h0 0 to h0 after 300 suspends t1 t0\n"
                       "suspend t0 0 room 0")
                  .empty());
}

TEST(translate, what_is_beside_the_store_is_left_out_and_said) {
  const Translation translation = translate(program_of("start f1 on s0\nyield 7\nreturn"));
  EXPECT_EQ(translation.contents.steps, 0u);
  ASSERT_EQ(translation.left_out.size(), 1u);
  EXPECT_TRUE(translation.left_out[0].starts_with("beside the store")) << translation.left_out[0];
}

TEST(translate, the_host_is_asked_for_only_where_there_is_one) {
  const Program program = program_of("enter\ncollect\nleave");
  const auto imports = [&](bool has_host) {
    return sections(translate(program, {.has_host = has_host}).modules[0]).contains(2);
  };
  EXPECT_TRUE(imports(true));
  EXPECT_FALSE(imports(false));
}

TEST(translate, each_defect_makes_other_modules) {
  for (std::size_t number = 1; number < mistranslations; ++number) {
    const auto mistranslation = static_cast<Mistranslation>(number);
    bool differs = false;
    for (std::uint64_t seed = 0; seed < 300 && !differs; ++seed) {
      const Program program = generated(seed);
      const Translation right = translate(program, {.has_host = true});
      const Translation wrong =
          translate(program, {.has_host = true, .mistranslation = mistranslation});
      for (std::size_t index = 0; index < right.modules.size(); ++index) {
        differs = differs || right.modules[index].bytes != wrong.modules[index].bytes;
      }
      for (std::size_t index = 0; index < right.parts.size(); ++index) {
        differs = differs || right.parts[index].end != wrong.parts[index].end;
      }
    }
    EXPECT_TRUE(differs) << "mistranslation " << number;
  }
}

TEST(translate, every_end_has_a_word) {
  std::set<std::string_view> words;
  for (std::size_t end = 0; end < ends; ++end) {
    words.insert(word_of(static_cast<End>(end)));
  }
  EXPECT_EQ(words.size(), ends);
}

}  // namespace
}  // namespace fiberproof::fuzz::wasm
