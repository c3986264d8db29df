// A folder for what need not stay.
#pragma once

#include <string>

namespace fiberproof::verify {

/// Is gone, with all that is in it, when this is.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  /// Empty where none could be made.
  const std::string& path() const { return path_; }
  /// One line that says where none could be made, why, and what to do.
  const std::string& error() const { return error_; }

  /// For a process that ends at once.
  static void remove_all_there_are();

 private:
  std::string path_;
  std::string error_;
};

}  // namespace fiberproof::verify
