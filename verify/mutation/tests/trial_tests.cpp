// Trials on the canary, whose planted bug is there to be found.
#include "verify/mutation/trial.hpp"
#include "verify/process/tests/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fiberproof::verify {
namespace {

TEST(trial, finds_the_planted_bug_and_replays_it) {
  const ScratchFolder folder;
  const auto trial = run_trial({FIBERPROOF_CANARY, folder.path(), 1, 200'000});
  ASSERT_TRUE(trial) << trial.error();
  EXPECT_TRUE(trial->found);
  EXPECT_GT(trial->executions, 0u);
  EXPECT_LT(trial->executions, 200'000u);
  EXPECT_TRUE(trial->kind.ends_with(" violated")) << trial->kind;
  EXPECT_TRUE(std::filesystem::exists(trial->artefact)) << trial->artefact;
  EXPECT_EQ(trial->replays, Replays::alone);
}

// A target that deletes what it finds, after the commands of `first`.
std::string forgetful(const ScratchFolder& folder, const std::string& first) {
  return folder.write_program(
      "canary", "#!/bin/sh\n" + first +
                    FIBERPROOF_CANARY
                    " \"$@\"\nstatus=$?\nrm -f \"${0%/*}\"/*-crash-*\nexit $status\n");
}

TEST(trial, whose_input_is_lost_replays_in_sequence) {
  const ScratchFolder folder;
  const auto trial = run_trial({forgetful(folder, ""), folder.path(), 1, 200'000});
  ASSERT_TRUE(trial) << trial.error();
  EXPECT_TRUE(trial->found);
  EXPECT_EQ(trial->replays, Replays::in_sequence);
}

TEST(trial, whose_inputs_are_all_lost_replays_by_its_seed) {
  const ScratchFolder folder;
  const std::string program = forgetful(folder, "unset FIBERPROOF_CRASH_RECORDER\n");
  const auto trial = run_trial({program, folder.path(), 1, 200'000});
  ASSERT_TRUE(trial) << trial.error();
  EXPECT_EQ(trial->replays, Replays::by_seed);
}

// A target that dies by a signal as the canary does, and says nothing.
std::string silent(const ScratchFolder& folder, const std::string& signal) {
  return folder.write_program("silent-" + signal, "#!/bin/sh\n" FIBERPROOF_CANARY
                                                  " \"$@\" 2> /dev/null && exit 0\nkill -" +
                                                      signal + " $$\n");
}

TEST(trial, that_dies_without_a_report_is_told_by_its_signal_and_replays) {
  const ScratchFolder folder;
  for (const std::string signal : {"KILL", "SEGV", "ILL"}) {
    const auto trial = run_trial({silent(folder, signal), folder.path(signal), 1, 200'000});
    ASSERT_TRUE(trial) << trial.error();
    EXPECT_TRUE(trial->found);
    EXPECT_EQ(trial->kind, "SIG" + signal + " without a report");
    // No input was written, so the last one on record is kept.
    EXPECT_TRUE(std::filesystem::exists(trial->artefact)) << trial->artefact;
    EXPECT_EQ(trial->replays, Replays::alone) << name_of(trial->replays);
  }
}

TEST(trial, of_the_same_seed_is_the_same) {
  const ScratchFolder folder;
  const auto first = run_trial({FIBERPROOF_CANARY, folder.path(), 7, 200'000});
  const auto second = run_trial({FIBERPROOF_CANARY, folder.path(), 7, 200'000});
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->executions, second->executions);
}

// Or as any process, where the kernel refuses that.
TEST(trial, runs_at_the_same_addresses_each_time) {
  const ScratchFolder folder;
  const std::string program = forgetful(folder, "cat /proc/self/personality > \"$0-asked\"\n");
  ASSERT_TRUE(run_trial({program, folder.path(), 1, 1}));
  const bool is_refused = std::system("setarch --addr-no-randomize true 2> /dev/null") != 0;
  std::string asked;
  std::ifstream(program + "-asked") >> asked;
  EXPECT_EQ(asked, is_refused ? "00000000" : "00040000");
}

TEST(trial, that_is_over_before_the_bug_is_met_found_nothing) {
  const ScratchFolder folder;
  const auto trial = run_trial({FIBERPROOF_CANARY, folder.path(), 1, 1});
  ASSERT_TRUE(trial) << trial.error();
  EXPECT_FALSE(trial->found);
}

TEST(trial, of_a_target_that_is_missing_is_an_error_that_names_it) {
  const ScratchFolder folder;
  const auto trial = run_trial({folder.path() + "/no_fuzzer", folder.path(), 1, 1});
  ASSERT_FALSE(trial);
  EXPECT_NE(trial.error().find("no_fuzzer"), std::string::npos);
}

}  // namespace
}  // namespace fiberproof::verify
