// Sequences, on a fake target: what crashes only after something else is told from what needs
// nothing, and is cut down to it.
#include "fuzz/replay/crash_kind.hpp"
#include "fuzz/replay/crash_recorder.hpp"
#include "fuzz/replay/replay_sequence.hpp"
#include "fuzz/tests/scratch.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace fiberproof::fuzz {
namespace {

// 'p' prepares, 'c' crashes where something has prepared, 'a' always does, 'v' reports a violation,
// 'V' another one after 'p', 't' takes too long; the others do nothing.
int fake_target(const std::uint8_t* data, std::size_t size) {
  static bool is_prepared = false;
  const char what = size == 0 ? ' ' : static_cast<char>(data[0]);
  if (what == 'p') is_prepared = true;
  if (what == 'a' || (what == 'c' && is_prepared)) std::abort();
  if (what == 'v' || (what == 'V' && is_prepared)) {
    std::fprintf(stderr, "fiberproof: %s violated: of %p\n", what == 'v' ? "L4" : "S2",
                 static_cast<const void*>(data));
    std::abort();
  }
  while (what == 't') ::pause();
  return 0;
}

std::vector<Input> inputs_of(std::string_view letters) {
  std::vector<Input> inputs;
  for (const char letter : letters) {
    inputs.push_back({{static_cast<std::uint8_t>(letter)}, "file", true, {}});
  }
  return inputs;
}

TEST(crash_kind, is_of_the_first_line_that_says_one) {
  EXPECT_EQ(
      kind_of_crash("INFO: Seed: 1\nfiberproof: C5 violated: length\nSUMMARY: libFuzzer: x\n"),
      "C5 violated");
  EXPECT_EQ(kind_of_crash("==7==ERROR\nSUMMARY: AddressSanitizer: SEGV a.cpp:7 in f\n"),
            "SUMMARY: AddressSanitizer: SEGV");
  EXPECT_EQ(kind_of_crash("SUMMARY: AddressSanitizer: 430 byte(s) leaked in 7 allocation(s).\n"),
            "SUMMARY: AddressSanitizer: leak");
  EXPECT_EQ(kind_of_crash("==7==LeakSanitizer has encountered a fatal error.\n"),
            "LeakSanitizer: fatal error");
  for (const char* const process : {"", "==7=="}) {
    EXPECT_EQ(
        kind_of_crash(process + std::string("AddressSanitizer: CHECK failed: a.cpp:7 (0x0)\n")),
        "AddressSanitizer: CHECK failed");
  }
  EXPECT_EQ(kind_of_crash("==7==ERROR: starting fiber switch while in fiber switch\n"),
            "ERROR: starting fiber switch while in fiber switch");
  EXPECT_EQ(kind_of_crash("==7==ERROR: AddressSanitizer: SEGV on unknown address 0x7 (pc 0x1)\n"
                          "SUMMARY: AddressSanitizer: SEGV a.cpp:7 in f\n"),
            "SUMMARY: AddressSanitizer: SEGV");
  EXPECT_EQ(kind_of_crash("a C5 violated: elsewhere\n"), "");
}

TEST(crash_kind, of_a_signal_that_no_sanitizer_reports_has_its_name) {
  const std::string summary =
      "==7== ERROR: libFuzzer: deadly signal\n"
      "SUMMARY: libFuzzer: deadly signal\n";
  EXPECT_EQ(kind_of_crash(summary), "SUMMARY: libFuzzer: deadly signal");
  EXPECT_EQ(kind_of_crash("fiberproof: dies by SIGILL\n" + summary),
            "SUMMARY: libFuzzer: deadly signal SIGILL");
  EXPECT_EQ(kind_of_crash("fiberproof: dies by SIGSEGV\n" + summary),
            "SUMMARY: libFuzzer: deadly signal SIGSEGV");
  EXPECT_EQ(kind_of_crash("fiberproof: dies by SIGSEGV\n"
                          "SUMMARY: AddressSanitizer: SEGV a.cpp:7 in f\n"),
            "SUMMARY: AddressSanitizer: SEGV");
  EXPECT_EQ(kind_of_crash("fiberproof: dies by SIGSEGV\n"), "");
}

struct Seen {
  std::string how;
  std::string shortest;
  std::size_t attempts;
};

/// Runs one input for each letter, and shortens what crashed.
Seen shortest_of(std::string_view letters, unsigned seconds_max = 60) {
  const std::vector<Input> inputs = inputs_of(letters);
  std::vector<const Input*> in_order;
  for (const Input& input : inputs) in_order.push_back(&input);
  auto crash = run_sequence(in_order, &fake_target, seconds_max);
  if (!crash || !*crash) return {"nothing", "", 0};
  const auto shortest = shorten(in_order, std::move(**crash), &fake_target, seconds_max);
  if (!shortest) return {shortest.error(), "", 0};
  Seen seen{shortest->crash.how, "", shortest->attempts};
  for (const Input* const input : shortest->inputs) {
    seen.shortest += static_cast<char>(input->bytes[0]);
  }
  return seen;
}

TEST(sequence, a_pair_is_found_among_20) {
  const Seen seen = shortest_of("..c...p......c......");
  EXPECT_EQ(seen.how, "crashed: Aborted");
  EXPECT_EQ(seen.shortest, "pc");
  EXPECT_LE(seen.attempts, 20u);
}

TEST(sequence, one_input_is_enough_where_it_is) {
  const Seen seen = shortest_of("p......a..");
  EXPECT_EQ(seen.shortest, "a");
  EXPECT_EQ(seen.attempts, 1u);
}

TEST(sequence, every_pair_of_64_is_found) {
  for (std::size_t first = 0; first < 63; first += 7) {
    for (std::size_t second = first + 1; second < 64; second += 11) {
      std::string letters(64, '.');
      letters[first] = 'p';
      letters[second] = 'c';
      EXPECT_EQ(shortest_of(letters).shortest, "pc") << letters;
    }
  }
}

TEST(sequence, what_survives_is_no_crash) {
  EXPECT_EQ(shortest_of("c..p..").how, "nothing");
}

TEST(sequence, a_violation_of_another_rule_is_another_crash) {
  // Without 'p' it would be 'v' that ends it, by the same signal.
  const Seen seen = shortest_of("..p..Vv");
  EXPECT_EQ(seen.how, "S2 violated");
  EXPECT_EQ(seen.shortest, "pV");
}

TEST(sequence, what_does_not_end_is_a_crash) {
  const Seen seen = shortest_of("..t.", 1);
  EXPECT_EQ(seen.how, "did not end within 1 seconds");
  EXPECT_EQ(seen.shortest, "t");
}

class replay_of_a_sequence : public testing::Test {
 protected:
  std::string record(std::string_view letters) const {
    auto recorder = CrashRecorder::make(scratch_.path("recording"), "fake_fuzzer");
    for (const Input& input : inputs_of(letters)) {
      recorder->record(input.bytes);
    }
    return recorder->path();
  }

  static SequenceReplay replay(const std::vector<std::string>& files) {
    return replay_sequence(files, "fake_replay", &fake_target, 60);
  }

  Scratch scratch_;
};

TEST_F(replay_of_a_sequence, the_inputs_needed_are_kept_beside_the_recording) {
  const std::string path = record("..p...c");
  const SequenceReplay seen = replay({path});
  EXPECT_EQ(seen.status, 1);
  ASSERT_EQ(seen.lines.size(), 3u);
  EXPECT_EQ(seen.lines[0], path + ": input 7 of 7: crashed: Aborted");
  EXPECT_TRUE(seen.lines[1].starts_with("crashed: Aborted: it takes 2 inputs, in this order"));
  EXPECT_EQ(seen.lines[2], "replay with: fake_replay --sequence " + path + ".0 " + path + ".1");
  const SequenceReplay again = replay({path + ".0", path + ".1"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.lines.back(), seen.lines.back());
}

TEST_F(replay_of_a_sequence, one_input_that_is_enough_says_so) {
  const std::string path = record("..p..a");
  const SequenceReplay seen = replay({path});
  ASSERT_EQ(seen.lines.size(), 3u);
  EXPECT_EQ(seen.lines[1], "crashed: Aborted: one input is enough, after 1 attempts");
  EXPECT_EQ(seen.lines[2], "replay with: fake_replay --sequence " + path + ".0");
}

TEST_F(replay_of_a_sequence, files_that_exist_are_not_overwritten) {
  const std::string path = record("pc");
  scratch_.write("recording.1", "mine");
  const SequenceReplay seen = replay({path});
  EXPECT_EQ(seen.status, 1);
  EXPECT_EQ(seen.lines.back(), path + ".1: exists already, and is not overwritten");
  EXPECT_EQ(read_inputs(path + ".1")->front().bytes.size(), 4u);
}

TEST_F(replay_of_a_sequence, nothing_found_is_status_0) {
  const std::string path = record("....");
  const SequenceReplay seen = replay({path});
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.lines.back(), path + ": 4 inputs in one process: nothing found");
}

TEST_F(replay_of_a_sequence, what_cannot_be_read_is_status_2) {
  const std::string none = scratch_.path("none");
  EXPECT_EQ(replay({none}).status, 2);
  EXPECT_EQ(replay({}).status, 2);
  EXPECT_EQ(replay({record("")}).status, 2);
}

TEST_F(replay_of_a_sequence, an_input_that_was_cut_is_told) {
  auto recorder = CrashRecorder::make(scratch_.path("recording"), "fake_fuzzer");
  recorder->record(std::vector<std::uint8_t>(5000, '.'));
  const SequenceReplay seen = replay({recorder->path()});
  EXPECT_EQ(seen.status, 0);
  EXPECT_EQ(seen.lines.front(), recorder->path() +
                                    ": input 1 had 5000 bytes, of which the first 4096 were "
                                    "recorded");
}

}  // namespace
}  // namespace fiberproof::fuzz
