// Which mutants of core are tried, that their patches apply, and what counts as their killer.
#include "verify/mutation/cpp/mutation_run.hpp"

#include "verify/mutation/changed_tree.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <set>

namespace fiberproof::verify {
namespace {

SourceMutations all_of_core(unsigned sample = 1) {
  static const auto files = mutated_files({});
  return mutations_of(*files, FIBERPROOF_SOURCE, sample);
}

TEST(mutations, of_core_have_keys_of_their_own) {
  const SourceMutations mutations = all_of_core();
  EXPECT_EQ(mutations.made.size(), mutations.chosen.size());
  EXPECT_GT(mutations.made.size(), 200u);
  EXPECT_GT(mutations.checks_left_out, 10u);
  EXPECT_EQ(std::set<std::string>(mutations.made.begin(), mutations.made.end()).size(),
            mutations.made.size());
}

TEST(mutations, of_a_sample_are_some_of_each_file_and_always_the_same) {
  const SourceMutations all = all_of_core();
  const SourceMutations some = all_of_core(10);
  EXPECT_EQ(some.made, all.made);
  EXPECT_LT(some.chosen.size(), all.chosen.size() / 8);
  std::set<std::string> files;
  std::set<std::string> keys;
  for (const SourceMutation& mutation : some.chosen) {
    files.insert(mutation.file->path);
    keys.insert(mutation.mutant.key);
  }
  EXPECT_EQ(files.size(), 8u);
  for (const SourceMutation& mutation : all_of_core(10).chosen) {
    EXPECT_TRUE(keys.contains(mutation.mutant.key));
  }
}

TEST(mutations, apply_as_patches) {
  const ScratchFolder folder;
  ChangedTree tree(FIBERPROOF_SOURCE, folder.path());
  for (const SourceMutation& mutation : all_of_core(10).chosen) {
    ASSERT_TRUE(tree.restore());
    const auto done = tree.put_in({mutation.mutant.name(), mutation.patch});
    ASSERT_TRUE(done) << done.error();
    const std::string text = contents_of(FIBERPROOF_SOURCE "/" + mutation.file->path);
    EXPECT_EQ(contents_of(folder.path() + "/tree/" + mutation.file->path),
              mutated(mutation.mutant, text));
  }
}

TEST(mutations, of_another_file_are_an_error_that_names_it) {
  const auto files = mutated_files({"walk.cpp", "stack.cpp"});
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error(), "stack.cpp: not a file that is mutated");
}

TEST(killer, is_the_first_that_noticed) {
  Findings findings;
  EXPECT_EQ(killer_of(findings), Killer::none);
  const auto ran = [](const char* target, bool found, const char* kind) {
    return TargetTrials{target, {Trial{1, found, kind, {}, Replays::no}}, 1};
  };
  findings.targets = {ran("corpus_replay", false, ""), ran("program", false, "")};
  EXPECT_EQ(killer_of(findings), Killer::none);
  findings.targets[1] = ran("program", true, "C5 violated");
  EXPECT_EQ(killer_of(findings), Killer::fuzzing);
  findings.targets[0] = ran("corpus_replay", true, "exit status 1");
  EXPECT_EQ(killer_of(findings), Killer::corpus);
  findings.targets[0] = ran("corpus_replay", true, "took too long");
  EXPECT_EQ(killer_of(findings), Killer::time);
  findings.refuted = {{"initialize/L1", 1}};
  EXPECT_EQ(killer_of(findings), Killer::proofs);
  findings.could_not_run = "error";
  EXPECT_EQ(killer_of(findings), Killer::compiler);
}

}  // namespace
}  // namespace fiberproof::verify
