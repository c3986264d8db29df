// The inputs of a replay: files of one input each, recordings, and directories.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::fuzz {

struct Input {
  std::vector<std::uint8_t> bytes;
  std::string path;  ///< the file that it was read from
  bool is_recorded;  ///< one of several in that file
  std::string note;  ///< where it is not all of the input: one line that says so
};

/// `path` itself, or the files below it where it is a directory.
std::vector<std::string> input_files(const std::string& path);

/// The input that a file is, or those of a recording, oldest first. The error is one line.
[[nodiscard]] std::expected<std::vector<Input>, std::string> read_inputs(const std::string& path);

}  // namespace fiberproof::fuzz
