// When a run differs from the list of survivors.
#include "verify/mutation/cpp/survivors.hpp"

#include "verify/mutation/changed_tree.hpp"
#include "verify/mutation/cpp/mutation_run.hpp"

#include <gtest/gtest.h>

namespace fiberproof::verify {
namespace {

constexpr const char* list =
    "# a list\n\ncore/a.cpp: a();: statement deleted, 1\n  Nobody\n  asks.\n";
const std::string listed_key = "core/a.cpp: a();: statement deleted, 1";

TEST(survivors, as_listed_do_not_differ) {
  const auto survivors = parse_reasons(list, "s.txt");
  ASSERT_TRUE(survivors);
  EXPECT_TRUE(differences(*survivors, {"core/a.cpp"}, {listed_key}, {}, {listed_key}).empty());
  // A sample did not try it, and another file is not asked.
  EXPECT_TRUE(differences(*survivors, {"core/a.cpp"}, {listed_key}, {}, {}).empty());
  EXPECT_TRUE(differences(*survivors, {"core/b.cpp"}, {}, {}, {}).empty());
}

TEST(survivors, that_differ_are_reported) {
  const auto survivors = parse_reasons(list, "s.txt");
  ASSERT_TRUE(survivors);
  const std::set<std::string> file{"core/a.cpp"};
  EXPECT_EQ(differences(*survivors, file, {listed_key, "new"}, {}, {"new"}),
            std::vector<std::string>{"survives and is not listed: new"});
  EXPECT_EQ(differences(*survivors, file, {listed_key}, {listed_key}, {}),
            std::vector<std::string>{"line 3: listed as a survivor, but killed: " + listed_key});
  EXPECT_EQ(
      differences(*survivors, file, {}, {}, {}),
      std::vector<std::string>{"line 3: stale entry, no such mutant any more: " + listed_key});
}

TEST(survivors, of_the_project_are_mutants) {
  const std::string path = FIBERPROOF_SOURCE "/verify/mutation/cpp/survivors.txt";
  const std::string text = contents_of(path);
  const auto survivors = parse_reasons(text, path);
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
