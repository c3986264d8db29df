// The list of known disagreements.
#include "fuzz/engine/known.hpp"

#include <gtest/gtest.h>

namespace fiberproof::fuzz::engine {
namespace {

TEST(known, is_found_by_engine_version_and_signature) {
  const auto list = parse_known(
      "# comment\n"
      "swallowed | wasmtime* | 44.0.0..47.0.3 | expected *, got a return | any | project, issue 1\n"
      "all | v8 | * | refused: * | any | nobody\n"
      "lost | v8 | * | expected 0, got * | collection switch | nobody\n",
      "k");
  ASSERT_TRUE(list) << list.error();
  wasm::Contents contents;
  const auto name = [&](auto engine, auto version, auto signature) -> std::string {
    const KnownDisagreement* const known = find_known(*list, engine, version, signature, contents);
    return known == nullptr ? "" : known->name;
  };
  EXPECT_EQ(name("wasmtime-44", "44.0.0", "expected unreachable, got a return"), "swallowed");
  EXPECT_EQ(name("wasmtime-44", "47.0.3", "expected unreachable, got a return"), "swallowed");
  EXPECT_EQ(name("wasmtime-44", "47.0.4", "expected unreachable, got a return"), "");
  EXPECT_EQ(name("wasmtime-44", "43.9.9", "expected unreachable, got a return"), "");
  EXPECT_EQ(name("v8", "1", "expected unreachable, got a return"), "");
  EXPECT_EQ(name("v8", "1", "refused: x"), "all");
  contents.collections = true;
  EXPECT_EQ(name("v8", "1", "expected 0, got exception"), "") << "the program has no switch";
  contents.switches = true;
  EXPECT_EQ(name("v8", "1", "expected 0, got exception"), "lost");
}

TEST(known, names_the_file_and_the_line_of_an_error) {
  EXPECT_EQ(parse_known("\na | b\n", "k").error(),
            "k:2: a line is NAME | ENGINE | VERSIONS | SIGNATURE | WITH | LEDGER");
  EXPECT_EQ(parse_known("a | b | x | d | any | e\n", "k").error(),
            "k:1: 'x': write a version, FIRST..LAST or *");
  EXPECT_EQ(parse_known("a |  | * | d | any | e\n", "k").error(),
            "k:1: a field is empty: write * for any engine or version");
  EXPECT_EQ(parse_known("a | b | * | d | garbage | e\n", "k").error(),
            "k:1: 'garbage': write any, or some of switch, reference, bind, exception, collection, "
            "entry");
}

TEST(known, compares_versions_number_by_number) {
  EXPECT_TRUE(is_before("44.0.9", "44.0.10"));
  EXPECT_TRUE(is_before("44", "44.0.1"));
  EXPECT_FALSE(is_before("44.0.0", "44"));
  EXPECT_FALSE(is_before("50.0.1", "49.0.4"));
}

TEST(known, patterns_match_any_letters_at_a_star) {
  EXPECT_TRUE(matches("a*c*", "abcd"));
  EXPECT_TRUE(matches("*", ""));
  EXPECT_FALSE(matches("a*c", "abcd"));
  EXPECT_FALSE(matches("", "a"));
}

}  // namespace
}  // namespace fiberproof::fuzz::engine
