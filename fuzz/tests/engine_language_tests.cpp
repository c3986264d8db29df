// Declarations and steps for engines alone: they are printed as they were parsed, core ignores
// them, and the minimiser removes those that are not needed.
#include "fuzz/explain/story.hpp"
#include "fuzz/generate/generate.hpp"
#include "fuzz/minimize/minimize.hpp"
#include "fuzz/program/program.hpp"
#include "fuzz/program/value_type.hpp"
#include "fuzz/reference/reference.hpp"
#include "fuzz/run/run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

constexpr std::string_view for_engines = R"(fiberproof program 2
expect pass
values i32 struct-as-any none
handles tables
instances 3
stack s0 pooled 65536
function f0 params 2 returns 1
tags 1
steps
  collect
  new h0 f0 on s0
  collect
  resume h0 2 to h1 suspends t0
  collect
  suspend t0 3 room 1
  collect
  resume h1 1 to h1
  return
end
)";

/// "3:8: message" of the first thing that is wrong; the text of the program where nothing is.
std::string read(std::string_view text) {
  const auto program = std::make_unique<Program>();
  const auto parsed = parse(text, *program);
  if (parsed) return print(*program);
  return std::to_string(parsed.error().line) + ":" + std::to_string(parsed.error().column) + ": " +
         parsed.error().message;
}

std::string with(std::string_view what, std::string_view by) {
  std::string text(for_engines);
  return text.replace(text.find(what), what.size(), by);
}

Program program_of(std::string_view text) {
  Program program;
  const auto parsed = parse(text, program);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return program;
}

TEST(engine_language, what_is_for_engines_is_printed_as_it_was_parsed) {
  EXPECT_EQ(read(for_engines), for_engines);
  const Program program = program_of(for_engines);
  ASSERT_EQ(program.values.size(), 3u);
  EXPECT_EQ(program.values[1], ValueType::struct_as_any);
  EXPECT_EQ(program.handles, HandlePlace::tables);
  EXPECT_EQ(program.instances, 3);
  EXPECT_EQ(program.steps[0].kind, Step::Kind::collect);
  EXPECT_FALSE(program.ends_process());
}

TEST(engine_language, every_type_and_place_has_a_word) {
  for (std::size_t index = 0; index < value_types; ++index) {
    Program program = program_of(for_engines);
    program.values.clear();
    program.values.push_back(static_cast<ValueType>(index));
    EXPECT_EQ(program_of(print(program)), program) << index;
  }
  for (std::size_t index = 0; index < handle_places; ++index) {
    Program program = program_of(for_engines);
    program.handles = static_cast<HandlePlace>(index);
    EXPECT_EQ(program_of(print(program)), program) << index;
  }
}

TEST(engine_language, defaults_are_not_printed) {
  const std::string_view plain =
      "fiberproof program 2\nexpect pass\nstack s0 pooled 65536\n"
      "function f0 params 0 returns 0\ntags 1\nsteps\nend\n";
  EXPECT_EQ(read(plain), plain);
  EXPECT_EQ(read("fiberproof program 2\nhandles globals\ninstances 1\nstack s0 pooled 65536\n"
                 "function f0 params 0 returns 0\nsteps\nend\n"),
            plain);
  Program program = program_of(for_engines);
  ASSERT_TRUE(parse(plain, program).has_value());
  EXPECT_TRUE(program.values.empty());
  EXPECT_EQ(program.handles, HandlePlace::globals);
  EXPECT_EQ(program.instances, 1);
}

TEST(engine_language, an_error_says_which_words_there_are) {
  const std::string types =
      "the types are i32 i64 f32 f64 v128 i31 i31-as-eq i31-as-any struct struct-as-eq "
      "struct-as-any sub sub-as-struct sub-as-any node node-as-any array array-as-any none "
      "none-as-struct none-as-any extern noextern func nofunc";
  EXPECT_EQ(read(with("i32 ", "i16 ")), "3:8: expected a type of values, got 'i16'; " + types);
  EXPECT_EQ(read(with("values i32 struct-as-any none", "values")),
            "3:7: expected a type of values, got ''; " + types);
  EXPECT_EQ(read(with("i32 struct-as-any none", "i32 i32 i32 i32 i32 i32 i32 i32 f64")),
            "3:40: more than 8 types after 'values'");
  EXPECT_EQ(read(with("tables", "memory")),
            "4:9: expected 'globals', 'tables' or 'passed', got 'memory'");
  EXPECT_EQ(read(with("instances 3", "instances 4")),
            "5:11: expected a number from 1 to 3, got '4'");
  EXPECT_EQ(read(with("instances 3", "instances 0")),
            "5:11: expected a number from 1 to 3, got '0'");
  EXPECT_EQ(read(with("  collect\n", "  collect h0\n")),
            "10:11: nothing may follow here, got 'h0'");
}

TEST(engine_language, references_are_told_from_numbers) {
  EXPECT_FALSE(is_reference(ValueType::v128));
  EXPECT_TRUE(is_reference(ValueType::i31));
  EXPECT_TRUE(is_reference(ValueType::nofunc));
  EXPECT_EQ(made_as(ValueType::none_as_struct), ValueType::none);
  EXPECT_EQ(made_as(ValueType::sub_as_any), ValueType::sub);
  for (std::size_t index = 0; index < value_types; ++index) {
    const auto type = static_cast<ValueType>(index);
    const std::string_view word = word_of(type);
    EXPECT_EQ(word_of(made_as(type)), word.substr(0, word.find("-as-")));
  }
}

TEST(engine_language, core_passes_over_all_of_it) {
  const Program program = program_of(for_engines);
  const Outcome outcome = run(program, &report_and_abort);
  EXPECT_EQ(outcome.steps, program.steps.size());
}

TEST(engine_language, a_collect_keeps_the_control_and_is_taken) {
  const Program program = program_of(for_engines);
  Reference reference;
  reference.begin(program);
  std::size_t collections = 0;
  while (const Step* const step = reference.next()) {
    const StackIndex running = reference.running();
    reference.take();
    EXPECT_FALSE(reference.skipped()) << print(*step);
    if (step->kind == Step::Kind::collect) {
      ++collections;
      EXPECT_EQ(reference.arrival().kind, Arrival::Kind::went_on);
      EXPECT_EQ(reference.running(), running);
    }
  }
  EXPECT_EQ(collections, 4u);
}

TEST(engine_language, bytes_leave_out_what_is_for_engines) {
  Program plain = program_of(for_engines);
  std::array<std::uint8_t, program_bytes_max> bytes{};
  Program decoded;
  generate_program(std::span(bytes).first(encode(plain, bytes)), decoded);
  plain.values.clear();
  plain.handles = HandlePlace::globals;
  plain.instances = 1;
  for (std::size_t index = 0; index < plain.steps.size(); ++index) {
    if (plain.steps[index].kind == Step::Kind::collect) {
      plain.steps[index].kind = Step::Kind::walk;
    }
  }
  EXPECT_EQ(decoded, plain);
}

TEST(engine_language, a_child_of_two_programs_has_what_the_first_says_for_engines) {
  const Program first = program_of(for_engines);
  Program second = first;
  second.instances = 1;
  Program child;
  cross_over(first, second, child, 1);
  EXPECT_EQ(child.values, first.values);
  EXPECT_EQ(child.handles, first.handles);
  EXPECT_EQ(child.instances, 3);
}

std::string minimized(const StillShows& still_shows) {
  Program program = program_of(for_engines);
  EXPECT_TRUE(still_shows(program));
  EXPECT_TRUE(minimize(program, still_shows).complete);
  return print(program);
}

TEST(engine_language, minimising_leaves_nothing_for_engines_that_is_not_needed) {
  EXPECT_EQ(minimized([](const Program& program) {
              return std::ranges::any_of(
                  program.steps, [](const Step& step) { return step.kind == Step::Kind::new_; });
            }),
            "fiberproof program 2\nexpect pass\nstack s0 pooled 65536\n"
            "function f0 params 0 returns 0\ntags 1\nsteps\n  new h0 f0 on s0\nend\n");
}

TEST(engine_language, minimising_comes_to_plain_types) {
  const std::string any_reference = minimized(
      [](const Program& program) { return std::ranges::any_of(program.values, is_reference); });
  EXPECT_NE(any_reference.find("\nvalues struct\nstack"), std::string::npos) << any_reference;
  const std::string second_of_two = minimized([](const Program& program) {
    return program.values.size() >= 2 && made_as(program.values[1]) == ValueType::struct_;
  });
  EXPECT_NE(second_of_two.find("\nvalues i64 struct\nstack"), std::string::npos) << second_of_two;
}

TEST(engine_language, minimising_keeps_a_place_and_instances_that_are_needed) {
  const std::string text = minimized([](const Program& program) {
    return program.handles == HandlePlace::tables && program.instances == 3;
  });
  EXPECT_NE(text.find("expect pass\nhandles tables\ninstances 3\nstack"), std::string::npos)
      << text;
}

TEST(engine_language, a_story_says_what_a_collect_is) {
  const Program program = program_of(for_engines);
  Story story({});
  tell(program, story);
  EXPECT_NE(story.text().find("step 1, embedder: collect\n    nothing changes; an engine makes "
                              "garbage, and may collect it\n"),
            std::string::npos)
      << story.text();
}

}  // namespace
}  // namespace fiberproof::fuzz
