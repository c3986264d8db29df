// A folder for one test, with a temporary folder inside it, so that left-over files are noticed.
#pragma once

#include "verify/process/tests/scratch_folder.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace fiberproof::verify {

class ScratchHome {
 public:
  ScratchHome() {
    for (const std::string& folder : {folder_.path(), temporary(), work()}) {
      std::filesystem::create_directories(folder);
      std::filesystem::permissions(folder, std::filesystem::perms::all);
    }
  }
  ScratchHome(const ScratchHome&) = delete;
  ScratchHome& operator=(const ScratchHome&) = delete;
  ~ScratchHome() {
    std::error_code ignored;
    std::filesystem::permissions(work(), std::filesystem::perms::all, ignored);
  }

  std::string path(const std::string& name) const { return folder_.path(name); }
  std::string temporary() const { return path("temporary"); }  ///< for TMPDIR
  std::string work() const { return path("work"); }            ///< to start commands in
  std::string bin() const { return path("bin"); }              ///< for a moved command

  std::string write(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }
  void write_program(const std::string& name, const std::string& text) const {
    folder_.write_program(name, text);
  }
  static std::string contents(const std::string& path) { return ScratchFolder::contents(path); }
  /// Files below a folder, at any depth, and empty folders.
  static std::vector<std::string> all_in(const std::string& folder) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_directory() || std::filesystem::is_empty(entry.path())) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

 private:
  ScratchFolder folder_;
};

}  // namespace fiberproof::verify
