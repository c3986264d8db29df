// Programs as editors and checkouts of any system leave them: they are read, or refused in words
// that name the line, the column and what is wrong with them.
#include "fuzz/program/program.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {
namespace {

constexpr std::string_view start_program =
    "fiberproof program 2\nexpect pass\ntrampoline v44\nstack s0 pooled 65536\n"
    "function f0 params 1 returns 1\ntags 1\nsteps\n  start f0 on s0\n  yield 7\n  return\nend\n";
constexpr std::string_view store_program =
    "fiberproof program 2\nstack s0 pooled 65536\nfunction f0 params 0 returns 0\nsteps\n"
    "  new h0 f0 on s0\nend\n";
constexpr std::string_view mark = "\xef\xbb\xbf";

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string result(text);
  for (std::size_t at = 0; (at = result.find(what, at)) != result.npos; at += by.size()) {
    result.replace(at, what.size(), by);
  }
  return result;
}

std::string with_crlf(std::string_view text) {
  return replaced(text, "\n", "\r\n");
}

/// "1:2: message" of the first thing that is wrong; the text of the program where nothing is.
std::string read(std::string_view text) {
  const auto program = std::make_unique<Program>();
  const auto parsed = parse(text, *program);
  if (parsed) return print(*program);
  const ParseError& error = parsed.error();
  return std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.message;
}

TEST(text_form, lines_may_end_in_cr_lf) {
  EXPECT_EQ(read(with_crlf(start_program)), start_program);
  EXPECT_EQ(read(with_crlf(store_program)), read(store_program));
  EXPECT_TRUE(read(store_program).starts_with("fiberproof program 2\nexpect pass\n"))
      << read(store_program);
}

TEST(text_form, some_lines_may_end_in_cr_lf) {
  EXPECT_EQ(read(replaced(start_program, "pass\n", "pass\r\n")), start_program);
  EXPECT_EQ(read(replaced(start_program, "end\n", "end\r")), start_program)
      << "cut off by an editor";
}

TEST(text_form, a_byte_order_mark_is_passed_over) {
  EXPECT_EQ(read(std::string(mark).append(start_program)), start_program);
  EXPECT_EQ(read(std::string(mark).append(with_crlf(start_program))), start_program);
  EXPECT_EQ(read(std::string(mark).append(store_program)), read(store_program));
}

TEST(text_form, the_last_line_may_have_no_end) {
  EXPECT_EQ(read(start_program.substr(0, start_program.size() - 1)), start_program);
}

TEST(text_form, blanks_may_stand_behind_any_line) {
  EXPECT_EQ(read(replaced(start_program, "\n", " \t\n")), start_program);
  EXPECT_EQ(read(replaced(start_program, "\n", "  \r\n")), start_program);
}

TEST(text_form, an_engine_sees_the_magic_behind_a_mark) {
  EXPECT_TRUE(has_program_magic(std::string(mark).append(start_program)));
  EXPECT_TRUE(has_program_magic(with_crlf(store_program)));
  EXPECT_FALSE(has_program_magic(mark));
  EXPECT_FALSE(has_program_magic(""));
}

TEST(text_form, a_lone_cr_is_refused_where_it_stands) {
  const std::string message = "a CR without LF; lines end in LF or in CR LF";
  EXPECT_EQ(read(replaced(start_program, "\n", "\r")), "1:21: " + message);
  EXPECT_EQ(read(replaced(start_program, "pass", "pa\rss")), "2:10: " + message);
  EXPECT_EQ(read(replaced(start_program, "pass\n", "pass\r\r\n")), "2:12: " + message);
  EXPECT_EQ(read(replaced(store_program, "\n", "\r")), "1:21: " + message);
}

TEST(text_form, utf_16_is_named_as_such) {
  const std::string message = "1:1: the text is UTF-16; save it as UTF-8";
  std::string little;
  std::string big;
  for (const char letter : start_program) {
    little.append({letter, '\0'});
    big.append({'\0', letter});
  }
  EXPECT_EQ(read(little), message);
  EXPECT_EQ(read(big), message);
  EXPECT_EQ(read("\xff\xfe" + little), message);
  EXPECT_EQ(read("\xfe\xff" + big), message);
}

TEST(text_form, a_zero_byte_is_refused_where_it_stands) {
  const std::string_view zero("\0", 1);
  EXPECT_EQ(read(replaced(start_program, "pass", zero)), "2:8: byte 0x00 is not text");
  EXPECT_EQ(read(std::string(start_program).append(zero)), "12:1: byte 0x00 is not text");
  EXPECT_EQ(read(replaced(start_program, "program 2", std::string("program 2").append(zero))),
            "1:21: byte 0x00 is not text");
}

TEST(text_form, a_text_of_an_older_language_says_what_to_do) {
  EXPECT_EQ(read(replaced(store_program, "fiberproof program 2", "fiberproof machine-program 1")),
            "1:1: a text of the language before this one; change its first line to 'fiberproof "
            "program 2', the rest is as it was");
  const std::string older = read("fiberproof program 1\ndepth 1\nmain\nend\n");
  EXPECT_TRUE(older.starts_with("1:1: a text of the older language of nested functions; write "))
      << older;
  EXPECT_TRUE(has_program_magic("fiberproof program 1\n"));
  EXPECT_TRUE(has_program_magic("fiberproof machine-program 1\n"));
}

}  // namespace
}  // namespace fiberproof::fuzz
