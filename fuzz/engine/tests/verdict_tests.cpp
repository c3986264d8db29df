// Crashes of one cause look the same, and unlike ones do not.
#include "fuzz/engine/verdict.hpp"

#include <gtest/gtest.h>

namespace fiberproof::fuzz::engine {
namespace {

using Lines = std::vector<std::string>;

TEST(crash, is_told_by_the_place_and_the_first_words_of_a_panic) {
  const std::string first = cause_of_crash(
      Lines{"3: i32", "", "thread 'main' (4711) panicked at /ci/x/crates/a/src/b.rs:91:14:",
            "index 7 out of range for 3", "note: run with `RUST_BACKTRACE=1`"},
      134);
  EXPECT_EQ(first, "panic at crates/a/src/b.rs:91: index N out of range for N");
  EXPECT_EQ(first, cause_of_crash(Lines{"thread '<unnamed>' panicked at crates/a/src/b.rs:91:2:",
                                        "index 12 out of range for 9"},
                                  134));
  EXPECT_NE(first, cause_of_crash(Lines{"thread 'main' panicked at crates/a/src/b.rs:92:14:",
                                        "index 7 out of range for 3"},
                                  134));
  EXPECT_EQ(cause_of_crash(Lines{"thread 'main' panicked at "
                                 "/c/registry/src/index-1/cranelift-1.2/src/c.rs:5:6:",
                                 "no"},
                           101),
            "panic at cranelift-1.2/src/c.rs:5: no");
}

TEST(crash, is_told_without_addresses) {
  EXPECT_EQ(plain_words("assertion failed: 0x7f3ea1f0 > 0x7f3eb2f8 in 12"),
            "assertion failed: N > N in N");
}

TEST(crash, has_one_signature_for_one_place_whatever_the_call_was_for) {
  Verdict verdict{
      .kind = Verdict::Kind::crash, .is_in_call = true, .message = "panic at a.rs:1: b"};
  EXPECT_EQ(signature(verdict), "crash: panic at a.rs:1: b");
  verdict.message = "SIGSEGV";
  EXPECT_EQ(signature(verdict), "expected 0, got crash: SIGSEGV");
}

TEST(crash, is_told_by_the_words_of_a_fatal_error_of_v8) {
  EXPECT_EQ(cause_of_crash(Lines{"#", "# Fatal error in ../src/wasm/x.cc, line 12",
                                 "# unimplemented code", "#"},
                           133),
            "fatal error at src/wasm/x.cc, line 12: unimplemented code");
  EXPECT_EQ(
      cause_of_crash(Lines{"<--- Last few GCs --->", "Fatal JavaScript out of memory: x 12"}, 133),
      "Fatal JavaScript out of memory: x N");
}

TEST(crash, is_told_by_its_signal_or_exit_status_otherwise) {
  EXPECT_EQ(cause_of_crash(Lines{"3: i32"}, 139), "SIGSEGV");
  EXPECT_EQ(cause_of_crash(Lines{"error: unexpected argument 3", ""}, 2),
            "exit status 2: error: unexpected argument N");
  EXPECT_EQ(cause_of_crash(Lines{}, 0), "exit status 0");
}

TEST(verdict, has_a_folder_of_its_own_for_each_signature) {
  EXPECT_EQ(folder_name("expected unreachable, got a return"), "expected-unreachable-got-a-return");
  const std::string long_one(200, 'x');
  EXPECT_NE(folder_name(long_one + "y"), folder_name(long_one + "z"));
  EXPECT_LT(folder_name(long_one).size(), 90U);
}

TEST(verdict, has_no_signature_where_nothing_disagrees) {
  EXPECT_EQ(signature({.kind = Verdict::Kind::agrees}), "");
  EXPECT_EQ(signature({.kind = Verdict::Kind::not_run}), "");
}

TEST(verdict, a_word_without_an_end_is_cut) {
  const std::vector<std::string> lines = {std::string(500, 'x')};
  const std::string text = cause_of_crash(lines, 3);
  EXPECT_FALSE(text.empty());
  EXPECT_LT(text.size(), 300u);
}

}  // namespace
}  // namespace fiberproof::fuzz::engine
