// `--json FILE`: the results of any subcommand, written once, even if it failed or nothing ran.
#pragma once

#include "verify/cli/exit_status.hpp"
#include "verify/cli/output_file.hpp"

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace fiberproof::verify {

class ResultsFile {
 public:
  /// No file yet: write() does nothing.
  ResultsFile() = default;
  ResultsFile(ResultsFile&& other) noexcept;
  ResultsFile& operator=(ResultsFile&& other) noexcept;
  ~ResultsFile();

  /// If `path` is `-`, standard output is reserved for the results from here on: text for people
  /// goes to standard error. The error is `PATH: reason`.
  [[nodiscard]] static std::expected<ResultsFile, std::string> prepare(const std::string& path);

  /// Writes `results` with the command's name, its status and every complaint. The error is as
  /// above.
  [[nodiscard]] std::expected<void, std::string> write(nlohmann::json results,
                                                       const std::string& command,
                                                       ExitStatus status) const;

 private:
  std::optional<OutputFile> file_;
  int standard_output_ = -1;
};

/// `ok`, `failed` or `could_not_run`.
std::string name_of(ExitStatus status);

}  // namespace fiberproof::verify
