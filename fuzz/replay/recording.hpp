// A recording: the last inputs that a fuzz target was given, in a file that outlives the process
// (crash_recorder.hpp writes it). This is its format and its reader, which takes nothing for
// granted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::fuzz {

inline constexpr std::size_t recorded_inputs_max = 1024;
inline constexpr std::size_t recorded_bytes_max = 4096;  ///< of one input

struct RecordedInput {
  std::uint64_t length = 0;         ///< what the target was given
  std::vector<std::uint8_t> bytes;  ///< all of it, or its first `recorded_bytes_max`
  bool is_whole() const { return bytes.size() == length; }
};

struct Recording {
  std::string target;                 ///< the name of the program that was running
  std::uint64_t count = 0;            ///< of the inputs that it was given, kept or not
  std::vector<RecordedInput> inputs;  ///< oldest first; it died in the last, or after it
};

/// Whether `path` is a file that starts as a recording does.
bool is_recording(const std::string& path);

/// The error is one line that names the file and the place.
[[nodiscard]] std::expected<Recording, std::string> read_recording(const std::string& path);

/// Writes what a recording holds as a file without the room that its inputs do not use, which
/// read_recording() reads as well. There must be no such file yet.
[[nodiscard]] std::expected<void, std::string> write_recording(const Recording& recording,
                                                               const std::string& path);

// The file, in the byte order of the machine: a header and a ring of slots. There is one slot more
// than inputs are read: a process that is killed while it writes one has spoilt none of those.

inline constexpr std::array<char, 16> recording_magic{'f', 'i', 'b', 'e', 'r', 'p', 'r',  'o',
                                                      'o', 'f', ' ', 'r', 'e', 'c', '\r', '\n'};
inline constexpr std::uint32_t recording_version = 2;

/// The version of a file of write_recording(): behind the header, whose `slot_bytes` is 0, are
/// `length`, `is_cut` and as many bytes as were kept of each input, oldest first.
inline constexpr std::uint32_t short_recording_version = 3;

struct RecordingHeader {
  std::array<char, 16> magic;
  std::uint32_t version;
  std::uint32_t slot_bytes;
  std::uint64_t count;
  std::array<char, 64> target;  ///< ends in a zero byte
};

struct RecordingSlot {
  std::uint32_t length;
  std::uint32_t is_cut;  ///< 1 where the input was longer than what is here
  std::array<std::uint8_t, recorded_bytes_max> bytes;
};

struct RecordingFile {
  RecordingHeader header;
  std::array<RecordingSlot, recorded_inputs_max + 1> slots;
};
static_assert(sizeof(RecordingFile) == 96 + 1025 * (8 + 4096), "has no padding");

}  // namespace fiberproof::fuzz
