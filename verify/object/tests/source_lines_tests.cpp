// Lines of source text by the line tables of a linked file, of an object file, and of files
// without.
#include "verify/object/source_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fiberproof::verify {
namespace {

const std::string routine = "fixture_leaf";

TEST(source_lines, are_found_in_linked_and_in_relocatable_files) {
  for (const std::string path : {FIXTURE_PROGRAM, FIXTURE_MOVED_PROGRAM, FIXTURE_OBJECT}) {
    const SourceLines lines(path);
    const auto first = lines.at(routine, 0);
    ASSERT_TRUE(first.has_value()) << path;
    EXPECT_TRUE(first->file.ends_with("verify/object/tests/fixture_routines.cpp")) << first->file;
    const auto later = lines.at(routine, 3);
    ASSERT_TRUE(later.has_value()) << path;
    EXPECT_GE(later->line, first->line);
  }
}

TEST(source_lines, are_the_same_of_the_same_code_in_another_file) {
  EXPECT_EQ(SourceLines(FIXTURE_PROGRAM).at(routine, 0)->line,
            SourceLines(FIXTURE_OBJECT).at(routine, 0)->line);
}

TEST(source_lines, are_not_guessed) {
  EXPECT_FALSE(SourceLines(FIXTURE_TWICE).at(routine, 0));
  EXPECT_FALSE(SourceLines(FIXTURE_OBJECT).at("no_such_routine", 0));
  EXPECT_FALSE(SourceLines(FIXTURE_OBJECT).at(routine, 1U << 30));
  EXPECT_FALSE(SourceLines("/no/such/file").at(routine, 0));
  EXPECT_FALSE(SourceLines("/proc/self/maps").at(routine, 0));
}

}  // namespace
}  // namespace fiberproof::verify
