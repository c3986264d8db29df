// The language: what is printed can be parsed again, and what is no Program is refused in one
// sentence at a place.
#include "fuzz/start/program.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fiberproof::fuzz {
namespace {

constexpr const char* every_word = R"(fiberproof program 1
expect violation T4
revision v44
depth 1000
resumes 2000
stack s0 mapped 65536
stack s1 supplied 8200 offset 3
stack s2 supplied 32
function f0 params 3 returns 2
  resume f1 on s0
  initialize f1 on s1
  suspend 7
  suspend 4294967295 apart
  return
function f1 params 4294967295 returns 0
  trap
function f2 params 0 returns 0
  throw
main
  initialize f1 on s1
  resume f0 on s2
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
  ASSERT_TRUE(parse(every_word, program).has_value());
  EXPECT_EQ(print(program), every_word);
  Program again;
  ASSERT_TRUE(parse(print(program), again).has_value());
  EXPECT_EQ(again, program);
}

TEST(program, comments_and_blanks_mean_nothing) {
  Program plain;
  Program commented;
  ASSERT_TRUE(parse(every_word, plain).has_value());
  const std::string text =
      with(every_word, "depth 1000", "# n \xe2\x89\xa4 2\n\n  depth\t1000   # deep");
  ASSERT_TRUE(parse(text, commented).has_value());
  EXPECT_EQ(plain, commented);
}

TEST(program, every_strict_prefix_is_an_error) {
  const std::string text = every_word;
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    const ParseError error = error_of(text.substr(0, length));
    EXPECT_GE(error.line, 1u) << length;
    EXPECT_FALSE(error.message.empty() || error.message == "none") << length;
  }
}

TEST(program, an_error_names_line_and_column) {
  const ParseError error = error_of(with(every_word, "depth 1000", "depth 1025"));
  EXPECT_EQ(error.line, 4u);
  EXPECT_EQ(error.column, 7u);
  EXPECT_EQ(error.message, "expected a number from 1 to 1024, got '1025'");
}

TEST(program, binary_bytes_are_named) {
  const ParseError error = error_of(with(every_word, "mapped",
                                         "map\x01"
                                         "ed"));
  EXPECT_EQ(error.line, 6u);
  EXPECT_EQ(error.column, 13u);
  EXPECT_EQ(error.message, "byte 0x01 is not text");
}

TEST(program, what_does_not_fit_together_is_refused) {
  const struct {
    const char* part;
    const char* replacement;
    const char* message;
  } wrong[] = {
      {"resume f0 on s2", "resume f3 on s2", "there is no function f3"},
      {"resume f0 on s2", "resume f0 on s3", "there is no stack s3"},
      {"resume f0 on s2", "suspend 1", "'suspend' is no step of main"},
      {"stack s1", "stack s2", "the next stack is s1"},
      {"  throw\n", "", "the function above does not end in return, trap or throw"},
      {"  trap\n", "  trap\n  trap\n",
       "the function has already ended in return, trap, throw or overrun"},
      {"mapped 65536", "mapped 4194304",
       "s0 is larger than the 2097152 bytes that a continuation may run on"},
      {"violation T4", "violation T9", "'T9' is no rule that an oracle checks"},
      {"params 3", "params 4294967296", "expected a number from 0 to 4294967295, got '4294967296'"},
      {"params 3", "params 03", "expected a number from 0 to 4294967295, got '03'"},
      {"end\n", "end\nmain\n", "nothing may follow the line 'end'"},
  };
  for (const auto& item : wrong) {
    EXPECT_EQ(error_of(with(every_word, item.part, item.replacement)).message, item.message);
  }
}

TEST(program, a_text_beyond_the_bound_is_refused) {
  const std::string text = every_word + std::string(program_text_bytes_max, '#');
  EXPECT_NE(error_of(text).message.find("at most 65536"), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::fuzz
