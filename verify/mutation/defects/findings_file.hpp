// The findings of a hunt that is not over, on disk: so that one that was stopped goes on.
#pragma once

#include "verify/mutation/defects/defect.hpp"
#include "verify/mutation/defects/findings.hpp"

#include <expected>
#include <map>
#include <optional>
#include <string>

namespace fiberproof::verify {

class FindingsFile {
 public:
  /// `conditions` are those that findings must have been made under to count: sources and options.
  /// What is in the file under others is left out and overwritten, as is all without `resume`.
  FindingsFile(std::string path, std::string conditions, bool resume);

  /// Of the same patch.
  std::optional<Findings> find(const Defect& defect) const;
  /// Adds and writes. The error names the file.
  std::expected<void, std::string> add(const Defect& defect, const Findings& findings);

 private:
  std::string path_;
  std::string conditions_;
  std::map<std::string, Findings> by_patch_;
};

}  // namespace fiberproof::verify
