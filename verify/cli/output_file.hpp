// A file that a run writes its results to: found writable before the work begins, and whole or as
// it was before when the work is done.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

class OutputFile {
 public:
  /// Whether `path` can be written, tried for real: nothing is left behind, and a file that is
  /// there is not touched. The error is `PATH: reason`.
  static std::expected<OutputFile, std::string> prepare(const std::string& path);

  /// Writes a temporary file in the same folder, which then takes the name. A device, a pipe, or a
  /// file in a folder that takes no new ones is written in place. The error is `PATH: reason`.
  std::expected<void, std::string> write(std::string_view text) const;

 private:
  std::string given_;  // as the user wrote it
  std::string path_;   // behind symbolic links
  bool in_place_ = false;
};

/// Why no file can be written into the folder `path`, which is made when the first one is; nothing
/// where one can. `PATH: reason`.
std::optional<std::string> why_no_folder(const std::string& path);

}  // namespace fiberproof::verify
