// The findings of a run on disk, by the patch, so that one that was stopped resumes.
#pragma once

#include "verify/mutation/findings.hpp"

#include <expected>
#include <map>
#include <optional>
#include <string>

namespace fiberproof::verify {

class FindingsFile {
 public:
  /// Findings count only if they were made under the same `conditions`: sources and options. Others
  /// are overwritten, and so are all without `resume`.
  FindingsFile(std::string path, std::string conditions, bool resume);

  std::optional<Findings> find(const std::string& patch) const;
  /// Adds and writes. The error names the file.
  [[nodiscard]] std::expected<void, std::string> add(const std::string& patch,
                                                     const Findings& findings);

 private:
  std::string path_;
  std::string conditions_;
  std::map<std::string, Findings> by_patch_;
};

}  // namespace fiberproof::verify
