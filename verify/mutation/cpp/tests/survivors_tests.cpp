// The list of survivors: what it must say, and when a run differs from it.
#include "verify/mutation/cpp/survivors.hpp"

#include "verify/mutation/cpp/mutation_run.hpp"

#include <gtest/gtest.h>
#include <fstream>
#include <iterator>

namespace fiberproof::verify {
namespace {

constexpr const char* list =
    "# a list\n\ncore/a.cpp: a();: statement deleted, 1\n  Nobody\n  asks.\n";
const std::string listed_key = "core/a.cpp: a();: statement deleted, 1";

TEST(survivors, have_a_reason_each) {
  const auto survivors = parse_surviving_mutants(list, "s.txt");
  ASSERT_TRUE(survivors) << survivors.error();
  ASSERT_EQ(survivors->size(), 1u);
  EXPECT_EQ(survivors->at(listed_key).reason, "Nobody asks.");
}

TEST(survivors, that_are_not_well_formed_are_an_error_with_the_line) {
  const auto error_of = [](const char* text) {
    const auto survivors = parse_surviving_mutants(text, "s.txt");
    return survivors ? std::string("none") : survivors.error();
  };
  EXPECT_EQ(error_of("a\nb\n  why\n"), "s.txt:2: the entry above has no reason");
  EXPECT_EQ(error_of("a\n  why\na\n  why\n"), "s.txt:3: this mutant is listed twice");
  EXPECT_EQ(error_of("  why\n"), "s.txt:1: a reason without a mutant above it");
  EXPECT_EQ(error_of("a\n  why\nb\n"), "s.txt:3: the entry has no reason");
}

TEST(survivors, as_listed_do_not_differ) {
  const auto survivors = parse_surviving_mutants(list, "s.txt");
  ASSERT_TRUE(survivors);
  EXPECT_TRUE(differences(*survivors, {"core/a.cpp"}, {listed_key}, {}, {listed_key}).empty());
  // A sample did not try it, and another file is not asked.
  EXPECT_TRUE(differences(*survivors, {"core/a.cpp"}, {listed_key}, {}, {}).empty());
  EXPECT_TRUE(differences(*survivors, {"core/b.cpp"}, {}, {}, {}).empty());
}

TEST(survivors, that_differ_are_told) {
  const auto survivors = parse_surviving_mutants(list, "s.txt");
  ASSERT_TRUE(survivors);
  const std::set<std::string> file{"core/a.cpp"};
  EXPECT_EQ(differences(*survivors, file, {listed_key, "new"}, {}, {"new"}),
            std::vector<std::string>{"survives, and is not listed: new"});
  EXPECT_EQ(differences(*survivors, file, {listed_key}, {listed_key}, {}),
            std::vector<std::string>{"line 3: listed, and is killed: " + listed_key});
  EXPECT_EQ(differences(*survivors, file, {}, {}, {}),
            std::vector<std::string>{"line 3: listed, and made no more: " + listed_key});
}

TEST(survivors, of_the_project_are_mutants_that_are_made) {
  const std::string path = FIBERPROOF_SOURCE "/verify/mutation/cpp/survivors.txt";
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto survivors = parse_surviving_mutants(text, path);
  ASSERT_TRUE(survivors) << survivors.error();
  EXPECT_FALSE(text.empty());
  const auto files = mutated_files({});
  ASSERT_TRUE(files);
  const SourceMutations mutations = mutations_of(*files, FIBERPROOF_SOURCE, 1);
  const std::set<std::string> made(mutations.made.begin(), mutations.made.end());
  for (const auto& [key, entry] : *survivors) {
    EXPECT_TRUE(made.contains(key)) << "line " << entry.line << ": " << key;
  }
}

}  // namespace
}  // namespace fiberproof::verify
