// The language: what is printed can be parsed again, and what is no Program is refused in
// one sentence at a place.
#include "fuzz/program/program.hpp"

#include "fuzz/program/text.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace fiberproof::fuzz {
namespace {

constexpr const char* every_word = R"(fiberproof program 2
expect violation C5
stack s0 pooled 65536
stack s1 supplied 40000 offset 3
stack s2 supplied 32
function f0 params 2 returns 1
function f1 params 4095 returns 0
tags 2
steps
  new h0 f0 on s0
  new h1 null on s1
  bind h0 1 to h1
  resume h1 1 to h2 suspends t0 t1 switches t0
  suspend t0 2 room 3
  resume h1 4095 to h2
  resume h1 0 to h2 switches t1 t1
  throw-into h2 to h2 suspends t0
  switch h2 t1 0 room 1 to h3
  call 15
  try
  throw
  rethrow
  back
  enter
  leave
  walk
  walk h2
  overrun
  drop h7
  repeat 2 1023
  trap
  return
end
)";

// In none of them is a chain, or a stack, what it should be.
constexpr const char* wrong_on_purpose = R"(fiberproof program 2
expect check C3
stack s0 pooled 65536
stack s1 beyond 48
stack s2 beyond 64
stack s3 supplied 0
function f0 params 0 returns 0
tags 1
steps
  walk broken misaligned
  walk broken astray
  walk broken cycle
  walk broken orphan
  walk broken context
  walk broken start
  walk h7 broken cycle
  resume-again h3
  trespass h0
  overflow
end
)";

constexpr const char* beside_the_store = R"(fiberproof program 2
expect trap-reported-as-return
trampoline v44
stack s0 pooled 137438953472
stack s1 pooled 1
function f0 params 4294967295 returns 0
function f1 params 0 returns 4294967295
tags 1
steps
  initialize f1 on s0
  start f0 on s1
  yield 7
  yield 4294967295 apart
  return
end
)";

ParseError error_of(const std::string& text) {
  Program program;
  const auto parsed = parse(text, program);
  return parsed ? ParseError{0, 0, "none"} : parsed.error();
}

std::string with(std::string text, const std::string& part, const std::string& replacement) {
  return text.replace(text.find(part), part.size(), replacement);
}

TEST(program, print_then_parse_is_identity) {
  Program program;
  const auto parsed = parse(every_word, program);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
  EXPECT_EQ(print(program), every_word);
  Program again;
  ASSERT_TRUE(parse(print(program), again).has_value());
  EXPECT_EQ(again, program);
}

TEST(program, what_is_wrong_on_purpose_is_printed_as_it_was_parsed) {
  Program program;
  const auto parsed = parse(wrong_on_purpose, program);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
  EXPECT_EQ(print(program), wrong_on_purpose);
  EXPECT_EQ(program.stacks[1].bytes, 0xffff'ffff'ffffu);
  EXPECT_EQ(program.stacks[2].bytes, ~std::uint64_t{0});
  EXPECT_TRUE(program.ends_process());
  Program plain;
  ASSERT_TRUE(parse(every_word, plain).has_value());
  EXPECT_FALSE(plain.ends_process());
}

TEST(program, what_is_beside_the_store_is_printed_as_it_was_parsed) {
  Program program;
  const auto parsed = parse(beside_the_store, program);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().line << ": " << parsed.error().message;
  EXPECT_EQ(print(program), beside_the_store);
  EXPECT_FALSE(program.ends_process());
}

TEST(program, what_is_not_said_is_as_it_begins) {
  Program program;
  program.tags = 3;
  program.trampoline = Trampoline::v44;
  program.steps.push_back({});
  const auto parsed = parse(
      "fiberproof program 2\nstack s0 pooled 4096\nfunction f0 params 0 returns 0\n"
      "steps\nend\n",
      program);
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  EXPECT_EQ(program.expect, Expectation{});
  EXPECT_EQ(program.tags, 1);
  EXPECT_EQ(program.trampoline, Trampoline::trap);
  EXPECT_TRUE(program.steps.empty());
}

TEST(program, comments_and_blanks_mean_nothing) {
  Program plain;
  Program commented;
  ASSERT_TRUE(parse(every_word, plain).has_value());
  ASSERT_TRUE(
      parse(with(every_word, "  try\n", "# n \xe2\x89\xa4 2\n\n \ttry   # one down\n"), commented)
          .has_value());
  EXPECT_EQ(plain, commented);
}

TEST(program, every_strict_prefix_is_an_error) {
  const std::string text = every_word;
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    const ParseError error = error_of(text.substr(0, length));
    EXPECT_GE(error.line, 1u) << length;
    EXPECT_GE(error.column, 1u) << length;
    EXPECT_FALSE(error.message.empty() || error.message == "none") << length;
  }
}

struct Wrong {
  const char* part;
  const char* replacement;
  std::size_t line;
  std::size_t column;
  const char* message;
};

void expect_refused(std::span<const Wrong> table, const char* right = every_word) {
  for (const Wrong& item : table) {
    const ParseError error = error_of(with(right, item.part, item.replacement));
    EXPECT_EQ(error.message, item.message);
    EXPECT_EQ(error.line, item.line) << item.message;
    EXPECT_EQ(error.column, item.column) << item.message;
  }
}

TEST(program, wrong_declarations_are_refused_at_their_place) {
  constexpr Wrong table[] = {
      {"violation C5", "violation C9", 2, 18, "'C9' is no rule that an oracle checks"},
      {"s0 pooled", "s0 mapped", 3, 10, "expected 'pooled', 'supplied' or 'beyond', got 'mapped'"},
      {"65536", "0", 3, 17, "expected a number from 1 to 137438953472, got '0'"},
      {"40000", "65536", 4, 19, "expected a number from 0 to 65535, got '65536'"},
      {"offset 3", "offset 64", 4, 32, "expected a number from 0 to 63, got '64'"},
      {"stack s2", "stack s3", 5, 7, "the next stack is s2"},
      {"stack s2", "stack s16", 5, 7, "expected a number from 0 to 15, got '16'"},
      {"function f1", "function f0", 7, 10, "the next function is f1"},
      {"4095 returns", "4294967296 returns", 7, 20,
       "expected a number from 0 to 4294967295, got '4294967296'"},
      {"params 2", "params 02", 6, 20, "expected a number from 0 to 4294967295, got '02'"},
      {"tags 2", "tags 0", 8, 6, "expected a number from 1 to 4, got '0'"},
      {"tags 2", "depth 2", 8, 1, "unknown line 'depth'"},
      {"steps\n", "\n", 10, 3, "unknown line 'new'"},
      {"end\n", "end\nend\n", 34, 1, "nothing may follow the line 'end'"},
      {"end\n", "", 33, 1, "the text ends here, before a line 'end'"},
  };
  expect_refused(table);
}

TEST(program, wrong_steps_are_refused_at_their_place) {
  constexpr Wrong table[] = {
      {"new h0 f0 on s0", "new h0 f2 on s0", 10, 10, "there is no function f2"},
      {"new h0 f0 on s0", "new h0 f0 on s3", 10, 16, "there is no stack s3"},
      {"new h0 f0 on s0", "new h8 f0 on s0", 10, 7, "expected a number from 0 to 7, got '8'"},
      {"new h0 f0 on s0", "repeat 1 1", 10, 3, "no step before this one can be repeated"},
      {"bind h0 1 to h1", "bind h0 65536 to h1", 12, 11,
       "expected a number from 0 to 65535, got '65536'"},
      {"bind h0 1 to h1", "bind h0 1", 12, 12, "expected 'to', got ''"},
      {"suspends t0 t1", "suspends t0 t2", 13, 33, "there is no tag t2"},
      {"suspends t0 t1", "suspends t0 t0 t0 t0", 13, 39, "more than 3 tags after 'suspends'"},
      {"suspends t0 t1 switches", "suspends switches", 13, 30,
       "expected a name such as t0, got 'switches'"},
      {"switches t0", "switches t0 suspends t0", 13, 48, "nothing may follow here, got 'suspends'"},
      {"suspend t0 2 room 3", "suspend t0 4096 room 3", 14, 14,
       "expected a number from 0 to 4095, got '4096'"},
      {"suspend t0 2 room 3", "suspend t0 2", 14, 15, "expected 'room', got ''"},
      {"switches t1 t1", "switches t1 t1 t1", 16, 36, "more than 2 tags after 'switches'"},
      {"call 15", "call 0", 19, 8, "expected a number from 1 to 15, got '0'"},
      {"  back\n", "  jump\n", 23, 3, "'jump' is no step"},
      {"walk h2", "walk 2", 27, 8, "expected a name such as h0, got '2'"},
      {"repeat 2 1023", "repeat 21 1", 30, 10, "expected a number from 1 to 20, got '21'"},
      {"repeat 2 1023", "repeat 2 1024", 30, 12, "expected a number from 1 to 1023, got '1024'"},
  };
  expect_refused(table);
}

TEST(program, what_is_wrong_on_purpose_is_told_from_what_is_not_meant) {
  constexpr Wrong table[] = {
      {"check C3", "check X1", 2, 14, "'X1' is no rule that an oracle checks"},
      {"check C3", "trap C3", 2, 8,
       "expected 'pass', 'trap-reported-as-return', 'stack-overflow', 'trespass', 'fault', "
       "'violation' or "
       "'check', got 'trap'"},
      {"beyond 48", "beyond 47", 4, 17, "expected a number from 48 to 64, got '47'"},
      {"beyond 64", "beyond 65", 5, 17, "expected a number from 48 to 64, got '65'"},
      {"broken orphan", "broken bone", 13, 15, "'bone' is no damage of a chain"},
      {"h7 broken cycle", "h7 cycle", 16, 11, "expected 'broken', got 'cycle'"},
      {"h7 broken cycle", "h7 broken", 16, 17, "'' is no damage of a chain"},
      {"resume-again h3", "resume-again", 17, 15, "expected a name such as h0, got ''"},
  };
  expect_refused(table, wrong_on_purpose);
}

TEST(program, wrong_steps_beside_the_store_are_refused_at_their_place) {
  constexpr Wrong table[] = {
      {"trampoline v44", "trampoline v45", 3, 12, "expected 'trap' or 'v44', got 'v45'"},
      {"initialize f1", "initialize f2", 10, 14, "there is no function f2"},
      {"initialize f1", "initialize null", 10, 14, "expected a name such as f0, got 'null'"},
      {"start f0 on s1", "start f0 on s2", 11, 15, "there is no stack s2"},
      {"start f0 on s1", "start f0", 11, 11, "expected 'on', got ''"},
      {"yield 7", "yield", 12, 8, "expected a number from 0 to 4294967295, got ''"},
      {"5 apart", "6", 13, 9, "expected a number from 0 to 4294967295, got '4294967296'"},
      {" apart", " aside", 13, 20, "expected 'apart', got 'aside'"},
  };
  expect_refused(table, beside_the_store);
}

TEST(program, binary_bytes_are_named) {
  constexpr Wrong table[] = {{"pooled",
                              "pool\x01"
                              "ed",
                              3, 14, "byte 0x01 is not text"}};
  expect_refused(table);
}

TEST(program, a_text_beyond_the_bound_is_refused) {
  const std::string text = every_word + std::string(program_text_bytes_max, '#');
  EXPECT_NE(error_of(text).message.find("at most 65536"), std::string::npos);
}

TEST(program, stacks_and_functions_must_be_declared) {
  const std::string first = "fiberproof program 2\n";
  EXPECT_EQ(error_of(first + "steps\nend\n").message, "no stack was declared");
  EXPECT_EQ(error_of(first + "stack s0 pooled 4096\nsteps\nend\n").message,
            "no function was declared");
}

TEST(program, steps_are_bounded) {
  std::string steps = "steps\n";
  for (std::size_t count = 0; count < program_bounds::steps; ++count) {
    steps += "return\n";
  }
  const std::string text = every_word;
  const std::string full = text.substr(0, text.find("steps\n")) + steps;
  EXPECT_EQ(error_of(full + "end\n").message, "none");
  EXPECT_EQ(error_of(full + "return\nend\n").message, "more than 64 steps");
}

constexpr const char* more_than_one_of_each = R"(fiberproof program 2
expect pass
numbers 65534
revisions 4294967295
stack s0 pooled 65536
function f0 params 0 returns 0
tags 1
steps
  new h0 f0 on s0
  resume h0 0 to h0 after 70000 suspends t0
  cleanup
  suspend t0 4095 room 4095
  throw-into h0 to h0 after 1 suspends t0
  enter other
  enter
  move
end
)";

TEST(program, of_more_than_one_of_each_is_printed_as_it_is_read) {
  Program program;
  ASSERT_TRUE(parse(more_than_one_of_each, program).has_value());
  EXPECT_EQ(print(program), more_than_one_of_each);
  EXPECT_EQ(program.numbers, 65534u);
  EXPECT_EQ(program.revisions, 0xffff'ffffu);
  EXPECT_EQ(program.steps[1].before, 70'000u);
}

TEST(program, wrong_steps_of_more_than_one_of_each_are_refused_at_their_place) {
  constexpr Wrong table[] = {
      {"numbers 65534", "numbers 18446744073708503041", 3, 9,
       "expected a number from 0 to 18446744073708503040, got '18446744073708503041'"},
      {"after 70000", "after 70001", 10, 27, "expected a number from 1 to 70000, got '70001'"},
      {"after 1 ", "after 0 ", 13, 29, "expected a number from 1 to 70000, got '0'"},
      {"enter other", "enter h0", 14, 9, "expected 'other', got 'h0'"},
      {"move", "move h0", 16, 8, "nothing may follow here, got 'h0'"},
  };
  expect_refused(table, more_than_one_of_each);
}

}  // namespace
}  // namespace fiberproof::fuzz
