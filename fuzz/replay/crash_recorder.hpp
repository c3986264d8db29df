// The crash recorder: keeps the last inputs of a fuzz target in a file that is mapped, so that they
// are there whatever way the process ends: SIGKILL, a destroyed stack, a reporter that crashes
// itself. It costs a copy of the input and two stores for each execution.
//
// Never writes to a file that was there before: that one may be of a process that died, or of one
// that runs (libFuzzer's -fork starts several). Then the process id is appended to the name.
#pragma once

#include "fuzz/replay/recording.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

/// The environment variable that names the file, and so switches a target's recorder on.
inline constexpr const char* recorder_variable = "FIBERPROOF_CRASH_RECORDER";

class CrashRecorder {
 public:
  /// Makes the file `path`, or `path`.PID. The error is one line that names the file.
  [[nodiscard]] static std::expected<CrashRecorder, std::string> make(const std::string& path,
                                                                      std::string_view target);

  /// To be called before each execution.
  void record(std::span<const std::uint8_t> input);

  const std::string& path() const { return path_; }

 private:
  struct Unmap {
    void operator()(RecordingFile* file) const;
  };

  CrashRecorder(std::string path, RecordingFile* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<RecordingFile, Unmap> file_;
};

}  // namespace fiberproof::fuzz
