// An output file of a run: checked to be writable before the work begins, and afterwards either
// complete or unchanged.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fiberproof::verify {

class OutputFile {
 public:
  /// Checks that `path` can be written by trying: leaves nothing behind, and does not touch an
  /// existing file. The error is `PATH: reason`.
  [[nodiscard]] static std::expected<OutputFile, std::string> prepare(const std::string& path);

  /// Writes a temporary file in the same folder and renames it. A device, a pipe, or a file in a
  /// read-only folder is written in place. The error is `PATH: reason`.
  [[nodiscard]] std::expected<void, std::string> write(std::string_view text) const;

 private:
  std::string given_;  // as the user wrote it
  std::string path_;   // behind symbolic links
  bool in_place_ = false;
};

/// Why no file can be written into the folder `path`, which is made together with the first one;
/// nothing if one can. `PATH: reason`.
std::optional<std::string> why_no_folder(const std::string& path);

}  // namespace fiberproof::verify
