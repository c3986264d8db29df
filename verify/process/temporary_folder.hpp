// A folder for files that need not stay, removed with its object.
#pragma once

#include <string>

namespace fiberproof::verify {

class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  /// Empty where none could be made.
  const std::string& path() const { return path_; }
  /// One line where none could be made: where, why, and what to do.
  const std::string& error() const { return error_; }

  /// Removes them all, for a process that ends at once.
  static void remove_all_there_are();

 private:
  std::string path_;
  std::string error_;
};

}  // namespace fiberproof::verify
