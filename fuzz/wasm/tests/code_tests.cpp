// Instructions and numbers in the binary format, and the same as text.
#include "fuzz/wasm/code.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace fiberproof::fuzz::wasm {
namespace {

Bytes unsigned_bytes(std::uint64_t number) {
  Bytes out;
  put_unsigned(out, number);
  return out;
}

Bytes signed_bytes(std::int64_t number) {
  Bytes out;
  put_signed(out, number);
  return out;
}

TEST(code, unsigned_numbers_have_seven_bits_a_byte) {
  EXPECT_EQ(unsigned_bytes(0), (Bytes{0x00}));
  EXPECT_EQ(unsigned_bytes(127), (Bytes{0x7f}));
  EXPECT_EQ(unsigned_bytes(128), (Bytes{0x80, 0x01}));
  EXPECT_EQ(unsigned_bytes(624485), (Bytes{0xe5, 0x8e, 0x26}));
  EXPECT_EQ(unsigned_bytes(std::numeric_limits<std::uint64_t>::max()).size(), 10u);
}

TEST(code, signed_numbers_end_with_their_sign) {
  EXPECT_EQ(signed_bytes(0), (Bytes{0x00}));
  EXPECT_EQ(signed_bytes(63), (Bytes{0x3f}));
  EXPECT_EQ(signed_bytes(64), (Bytes{0xc0, 0x00}));
  EXPECT_EQ(signed_bytes(-64), (Bytes{0x40}));
  EXPECT_EQ(signed_bytes(-65), (Bytes{0xbf, 0x7f}));
  EXPECT_EQ(signed_bytes(-123456), (Bytes{0xc0, 0xbb, 0x78}));
  EXPECT_EQ(signed_bytes(std::numeric_limits<std::int64_t>::min()).size(), 10u);
}

TEST(code, a_resume_lists_its_clauses) {
  Code code(true);
  const std::array<Clause, 2> clauses = {{{clause_on, 3, 1}, {clause_on_switch, 4, 0}}};
  code.resume(op::resume, 7, nullptr, clauses);
  EXPECT_EQ(code.bytes(), (Bytes{0xe3, 7, 2, 0x00, 3, 1, 0x01, 4}));
  EXPECT_EQ(code.text(), "    resume 7 (on 3 1) (on 4 switch)\n");
}

TEST(code, a_resume_throw_names_its_tag_before_them) {
  Code code(true);
  const std::uint64_t tag = 9;
  code.resume(op::resume_throw, 7, &tag, {});
  EXPECT_EQ(code.bytes(), (Bytes{0xe4, 7, 9, 0}));
  EXPECT_EQ(code.text(), "    resume_throw 7 9\n");
}

TEST(code, a_try_lists_its_catches) {
  Code code(true);
  const std::array<Clause, 1> catches = {{{clause_catch_ref, 2, 0}}};
  code.open_try(no_results, catches);
  code.close();
  EXPECT_EQ(code.bytes(), (Bytes{0x1f, 0x40, 1, 0x01, 2, 0, 0x0b}));
  EXPECT_EQ(code.text(), "    try_table (catch_ref 2 0)\n    end\n");
}

TEST(code, prefixed_instructions_have_both_bytes) {
  Code code;
  code.emit(op::struct_get, 5, 1);
  code.heap(op::ref_null, -0x0f);
  code.lane(op::i64x2_replace_lane, 1);
  EXPECT_EQ(code.bytes(), (Bytes{0xfb, 0x02, 5, 1, 0xd0, 0x71, 0xfd, 0x1e, 1}));
  EXPECT_EQ(code.text(), "") << "nobody asked for text";
}

TEST(code, what_is_cut_can_be_put_back) {
  Code code(true);
  code.i32(1);
  const Code::Mark mark = code.mark();
  code.i32(2);
  code.i32(2);
  const Code whole = code;
  const Code rest = code.cut(mark);
  EXPECT_EQ(code.bytes(), (Bytes{0x41, 1}));
  EXPECT_TRUE(rest.is_same({0, 0}, {2, 0}, {2, 0}, {4, 0}));
  EXPECT_FALSE(whole.is_same({0, 0}, {2, 0}, {2, 0}, {4, 0}));
  code.append(rest, {0, 0}, rest.mark());
  EXPECT_EQ(code.bytes(), whole.bytes());
  EXPECT_EQ(code.text(), whole.text());
}

}  // namespace
}  // namespace fiberproof::fuzz::wasm
