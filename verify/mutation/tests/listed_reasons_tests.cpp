// A list that is kept by hand has a reason for each entry.
#include "verify/mutation/listed_reasons.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

constexpr const char* list =
    "# a list\n\ncore/a.cpp: a();: statement deleted, 1\n  Nobody\n  asks.\n";
const std::string listed_key = "core/a.cpp: a();: statement deleted, 1";

TEST(listed_reasons, are_read_by_key) {
  const auto listed = parse_reasons(list, "s.txt");
  ASSERT_TRUE(listed) << listed.error();
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->at(listed_key).reason, "Nobody asks.");
}

TEST(listed_reasons, that_are_not_well_formed_are_an_error_with_the_line) {
  const auto error_of = [](const char* text) {
    const auto listed = parse_reasons(text, "s.txt");
    return listed ? std::string("none") : listed.error();
  };
  EXPECT_EQ(error_of("a\nb\n  why\n"), "s.txt:2: the entry above has no reason");
  EXPECT_EQ(error_of("a\n  why\na\n  why\n"), "s.txt:3: this entry is listed twice");
  EXPECT_EQ(error_of("  why\n"), "s.txt:1: a reason without an entry above it");
  EXPECT_EQ(error_of("a\n  why\nb\n"), "s.txt:3: the entry has no reason");
}

}  // namespace
}  // namespace fiberproof::verify
