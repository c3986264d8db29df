// Contracts and lists with the line ends and byte-order marks of other systems.
#include "verify/embedded/rules.hpp"
#include "verify/obligation/contract.hpp"
#include "verify/obligation/expected_theorems.hpp"
#include "verify/obligation/plain_text.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

using namespace std::string_view_literals;

std::string fault_of(std::string_view bytes) {
  const auto plain = plain_text(bytes);
  return plain ? "none" : text_of(plain.error());
}

TEST(plain_text, reads_marks_and_line_ends_of_any_system) {
  EXPECT_EQ(plain_text("\xef\xbb\xbf"
                       "a\r\nb\n\r\nc"),
            "a\nb\n\nc");
  EXPECT_EQ(plain_text(""), "");
  EXPECT_EQ(plain_text("a\r"), "a");
}

TEST(plain_text, rejects_other_bytes_with_their_place) {
  EXPECT_EQ(fault_of("a\nbc\rd\n"), "2:3: a CR without LF; lines end in LF or in CR LF");
  EXPECT_EQ(fault_of("ab\ncd\0\n"sv), "2:3: byte 0x00 is not text");
  EXPECT_EQ(fault_of("\xff\xfe"
                     "c\0"sv),
            "1:1: the text is UTF-16; save it as UTF-8");
  EXPECT_EQ(fault_of("c\0o\0"sv), "1:1: the text is UTF-16; save it as UTF-8");
  EXPECT_EQ(fault_of("\0c\0o"sv), "1:1: the text is UTF-16; save it as UTF-8");
}

constexpr std::string_view contract =
    "\xef\xbb\xbf"
    "contract c\r\nghost x : word\r\nassume x < 4  # few\r\nexit\r\n  L1 few: x < 4\r\n"
    "counterexample\r\n  | fiberproof program 2\r\n  | end\r\n";

TEST(plain_text, a_contract_and_its_program_may_have_marks_and_cr_lf) {
  const auto read = parse_contract(contract, "c.contract");
  ASSERT_TRUE(read) << message(read.error());
  EXPECT_EQ(read->name, "c");
  EXPECT_EQ(read->program, "fiberproof program 2\nend\n");
}

TEST(plain_text, rejects_bare_cr_with_its_place) {
  const auto read = parse_contract("contract c\rghost x : word\r", "c.contract");
  ASSERT_FALSE(read);
  EXPECT_EQ(message(read.error()),
            "fiberproof: c.contract:1:11: a CR without LF; lines end in LF or in CR LF");
}

TEST(plain_text, a_list_of_theorems_may_have_marks_and_cr_lf) {
  const auto list = parse_expected(
      "\xef\xbb\xbf"
      "c/T4.one proved\r\nc/T4.two refuted\r\n",
      "proofs.txt");
  ASSERT_TRUE(list) << list.error();
  EXPECT_EQ(list->size(), 2u);
  const auto damaged = parse_expected("c/T4.one\0 proved\n"sv, "proofs.txt");
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error(), "fiberproof: proofs.txt:1:9: byte 0x00 is not text");
}

TEST(plain_text, rules_may_end_their_lines_in_cr_lf) {
  const auto rules = rules_of("- **L1** A stack\r\n  is aligned.\r\n");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].title, "A stack is aligned");
}

}  // namespace
}  // namespace fiberproof::verify
