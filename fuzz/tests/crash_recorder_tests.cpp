// The crash recorder and its reader: what a process that dies leaves behind.
#include "fuzz/replay/crash_recorder.hpp"

#include "fuzz/replay/child_process.hpp"
#include "fuzz/tests/scratch.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <string>

namespace fiberproof::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

class crash_recorder : public testing::Test {
 protected:
  std::string path() const { return scratch_.path("recording"); }

  CrashRecorder make() const {
    auto made = CrashRecorder::make(path(), "fake_fuzzer");
    EXPECT_TRUE(made.has_value());
    return std::move(*made);
  }

  std::string error() const {
    const auto read = read_recording(path());
    return read ? "none" : read.error();
  }

  /// Overwrites the byte at `at`, in a recording of one input.
  void damage(std::size_t at, char byte) const {
    if (kind_of(path()) == PathKind::nothing) {
      make().record(Bytes{1, 2});
    }
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at)).put(byte);
  }

  Scratch scratch_;
};

TEST_F(crash_recorder, a_process_killed_in_its_third_input_leaves_three_inputs) {
  const auto end = run_in_child(60, [this](int) {
    CrashRecorder recorder = make();
    for (std::uint8_t number = 1;; ++number) {
      recorder.record(Bytes(number, number));
      if (number == 3) ::raise(SIGKILL);
    }
  });
  ASSERT_TRUE(end.has_value());
  ASSERT_TRUE(WIFSIGNALED(end->status));
  const auto recording = read_recording(path());
  ASSERT_TRUE(recording.has_value()) << recording.error();
  EXPECT_EQ(recording->target, "fake_fuzzer");
  EXPECT_EQ(recording->count, 3u);
  ASSERT_EQ(recording->inputs.size(), 3u);
  EXPECT_EQ(recording->inputs[0].bytes, Bytes({1}));
  EXPECT_EQ(recording->inputs[1].bytes, Bytes({2, 2}));
  EXPECT_EQ(recording->inputs[2].bytes, Bytes({3, 3, 3}));
}

TEST_F(crash_recorder, the_last_inputs_are_kept_oldest_first) {
  CrashRecorder recorder = make();
  const auto input = [](std::size_t number) {
    return Bytes{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number / 256)};
  };
  constexpr std::size_t count = 3 * recorded_inputs_max + 200;
  for (std::size_t number = 0; number < count; ++number) {
    recorder.record(input(number));
  }
  const auto recording = read_recording(path());
  ASSERT_TRUE(recording.has_value());
  EXPECT_EQ(recording->count, count);
  ASSERT_EQ(recording->inputs.size(), recorded_inputs_max);
  for (std::size_t index = 0; index < recorded_inputs_max; ++index) {
    EXPECT_EQ(recording->inputs[index].bytes, input(count - recorded_inputs_max + index));
  }
}

TEST_F(crash_recorder, an_input_cut_to_its_first_bytes_says_so) {
  CrashRecorder recorder = make();
  recorder.record(Bytes(recorded_bytes_max, 7));
  recorder.record(Bytes(recorded_bytes_max + 1, 8));
  recorder.record({});
  const auto recording = read_recording(path());
  ASSERT_TRUE(recording.has_value());
  ASSERT_EQ(recording->inputs.size(), 3u);
  EXPECT_TRUE(recording->inputs[0].is_whole());
  EXPECT_FALSE(recording->inputs[1].is_whole());
  EXPECT_EQ(recording->inputs[1].length, recorded_bytes_max + 1);
  EXPECT_EQ(recording->inputs[1].bytes, Bytes(recorded_bytes_max, 8));
  EXPECT_TRUE(recording->inputs[2].is_whole());
}

TEST_F(crash_recorder, a_file_that_is_there_is_left_alone) {
  make().record(Bytes{1});
  const CrashRecorder second = make();
  EXPECT_EQ(second.path(), path() + "." + std::to_string(::getpid()));
  ASSERT_TRUE(read_recording(path()).has_value());
  EXPECT_EQ(read_recording(path())->inputs.size(), 1u);
  const auto third = CrashRecorder::make(path(), "fake_fuzzer");
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error(), second.path() + ": cannot be made: File exists");
}

TEST_F(crash_recorder, a_file_that_cannot_be_made_is_one_line) {
  const auto made = CrashRecorder::make(scratch_.path("none/recording"), "fake_fuzzer");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error(),
            scratch_.path("none/recording") + ": cannot be made: No such file or directory");
}

TEST_F(crash_recorder, a_recording_truncated_anywhere_is_refused) {
  make().record(Bytes(100, 1));
  ASSERT_TRUE(read_recording(path()).has_value());
  // Each byte of the header and of the first slots; of the others some, at all distances.
  constexpr std::size_t every_byte_below = 3 * sizeof(RecordingSlot);
  constexpr std::size_t step = 4099;  // a prime near a slot
  for (std::size_t size = sizeof(RecordingFile) - 1;;
       size -= size > every_byte_below ? std::min(step, size - every_byte_below) : 1) {
    ASSERT_EQ(::truncate(path().c_str(), static_cast<off_t>(size)), 0);
    ASSERT_EQ(error(), path() + ": truncated: it ends at byte " + std::to_string(size) +
                           ", and a recording has 4206696");
    if (size == 0) break;
  }
}

TEST_F(crash_recorder, a_damaged_header_is_one_line_with_the_place) {
  damage(3, 'x');
  EXPECT_EQ(error(), path() + ": byte 0: not the magic bytes of a recording");
  damage(3, recording_magic[3]);
  damage(offsetof(RecordingHeader, version), 9);
  EXPECT_EQ(error(), path() + ": byte 16: version 9, where only 2 is known");
  damage(offsetof(RecordingHeader, version), recording_version);
  damage(offsetof(RecordingHeader, slot_bytes), 9);
  EXPECT_EQ(error(), path() + ": byte 20: slots of 4105 bytes, where they have 4104");
}

TEST_F(crash_recorder, an_impossible_length_is_one_line_with_the_place) {
  const std::size_t slot = offsetof(RecordingFile, slots);
  damage(slot + 2, 1);
  EXPECT_EQ(error(), path() + ": byte 96: impossible length 65538 of input 1 (said to be whole)");
  damage(slot + 2, 0);
  damage(slot + offsetof(RecordingSlot, is_cut), 1);
  EXPECT_EQ(error(), path() + ": byte 96: impossible length 2 of input 1 (said to be cut)");
}

TEST_F(crash_recorder, a_recording_that_goes_on_or_is_missing_is_refused) {
  damage(sizeof(RecordingFile), 0);
  EXPECT_EQ(error(), path() + ": it goes on after byte 4206696, where a recording ends");
  ASSERT_EQ(::unlink(path().c_str()), 0);
  EXPECT_EQ(error(), path() + ": not a file that can be read");
}

TEST_F(crash_recorder, a_count_of_more_inputs_than_were_written_shows_empty_ones) {
  damage(offsetof(RecordingHeader, count) + 7, -1);
  const auto recording = read_recording(path());
  ASSERT_TRUE(recording.has_value());
  EXPECT_EQ(recording->inputs.size(), recorded_inputs_max);
}

Recording three_inputs() {
  Recording recording{"fake_fuzzer", 7, {}};
  recording.inputs.push_back({2, Bytes{1, 2}});
  recording.inputs.push_back({0, Bytes{}});
  recording.inputs.push_back({5000, Bytes(recorded_bytes_max, 3)});
  return recording;
}

TEST_F(crash_recorder, what_was_read_can_be_written_without_its_unused_room) {
  Recording written = three_inputs();
  written.count = 3;
  ASSERT_TRUE(write_recording(written, path()));
  EXPECT_TRUE(is_recording(path()));
  const auto read = read_recording(path());
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->target, "fake_fuzzer");
  EXPECT_EQ(read->count, 3u);
  ASSERT_EQ(read->inputs.size(), 3u);
  EXPECT_EQ(read->inputs[0].bytes, (Bytes{1, 2}));
  EXPECT_TRUE(read->inputs[1].bytes.empty());
  EXPECT_FALSE(read->inputs[2].is_whole());
  EXPECT_EQ(read->inputs[2].length, 5000u);
  std::ifstream file(path(), std::ios::binary | std::ios::ate);
  EXPECT_LT(file.tellg(), 5000);
}

TEST_F(crash_recorder, a_short_recording_overwrites_nothing) {
  scratch_.write("recording", "mine");
  EXPECT_FALSE(write_recording(three_inputs(), path()));
}

TEST_F(crash_recorder, a_damaged_short_recording_is_refused_with_the_place) {
  ASSERT_TRUE(write_recording(three_inputs(), path()));
  EXPECT_TRUE(error().contains("truncated: it ends at byte ")) << "it says that it has 7 inputs";
  std::remove(path().c_str());
  Recording whole = three_inputs();
  whole.count = 3;
  ASSERT_TRUE(write_recording(whole, path()));
  damage(offsetof(RecordingHeader, slot_bytes), 1);
  EXPECT_TRUE(error().contains("slots of 1 bytes")) << error();
  damage(offsetof(RecordingHeader, slot_bytes), 0);
  damage(sizeof(RecordingHeader) + offsetof(RecordingSlot, is_cut), 1);
  EXPECT_TRUE(error().contains("impossible length 2")) << error();
  damage(sizeof(RecordingHeader) + offsetof(RecordingSlot, is_cut), 0);
  std::ofstream(path(), std::ios::app) << "more";
  EXPECT_TRUE(error().contains("it goes on after byte")) << error();
}

}  // namespace
}  // namespace fiberproof::fuzz
