// A folder for the files of one test, gone when the test has ended.
#pragma once

#include "verify/process/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace fiberproof::verify {

class ScratchFolder {
 public:
  ScratchFolder() { EXPECT_EQ(folder_.error(), ""); }

  const std::string& path() const { return folder_.path(); }
  std::string path(const std::string& name) const { return path() + "/" + name; }

  /// Writes a file, in folders that are made where they are missing; its path.
  std::string write(const std::string& name, const std::string& contents) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << contents;
    return path(name);
  }
  /// Likewise, a script that anybody may run.
  std::string write_program(const std::string& name, const std::string& contents) const {
    std::filesystem::permissions(write(name, contents), std::filesystem::perms::all);
    return path(name);
  }

  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace fiberproof::verify
