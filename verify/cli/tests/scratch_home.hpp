// A folder for one test, with a temporary folder inside it, so that left-over files are noticed.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fiberproof::verify {

class ScratchHome {
 public:
  ScratchHome() : path_(std::filesystem::path(testing::TempDir()) / "fiberproof-session-XXXXXX") {
    std::string name = path_.string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
    std::filesystem::create_directories(temporary());
    std::filesystem::create_directories(work());
    for (const auto& folder :
         {path_, std::filesystem::path(temporary()), std::filesystem::path(work())}) {
      std::filesystem::permissions(folder, std::filesystem::perms::all);
    }
  }
  ScratchHome(const ScratchHome&) = delete;
  ScratchHome& operator=(const ScratchHome&) = delete;
  ~ScratchHome() {
    std::error_code ignored;
    std::filesystem::permissions(work(), std::filesystem::perms::all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }

  std::string path(const std::string& name) const { return path_ / name; }
  std::string temporary() const { return path("temporary"); }  ///< for TMPDIR
  std::string work() const { return path("work"); }            ///< to start commands in
  std::string bin() const { return path("bin"); }              ///< for a moved command

  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  void write_program(const std::string& name, const std::string& text) const {
    std::filesystem::permissions(write(name, text), std::filesystem::perms::all);
  }
  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
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
  std::filesystem::path path_;
};

}  // namespace fiberproof::verify
