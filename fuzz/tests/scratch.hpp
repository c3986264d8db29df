// A directory for the files of one test, gone when the test has ended.
#pragma once

#include "fuzz/replay/paths.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>
#include <string_view>

namespace fiberproof::fuzz {

class Scratch {
 public:
  Scratch() : directory_(testing::TempDir() + "fiberproof-XXXXXX") {
    EXPECT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    for (const std::string& file : paths_below(directory_).paths) {
      std::remove(file.c_str());
    }
    std::remove(directory_.c_str());
  }

  std::string path(std::string_view name) const { return directory_ + '/' + std::string(name); }

  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::string directory_;
};

}  // namespace fiberproof::fuzz
