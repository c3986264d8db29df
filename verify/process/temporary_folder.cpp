#include "verify/process/temporary_folder.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>

namespace fiberproof::verify {
namespace {

std::mutex mutex;
std::set<std::string> folders;  // guarded by `mutex`

// As std::filesystem::temp_directory_path(), which throws where that is no folder.
std::string parent_folder() {
  for (const char* const name : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "/tmp";
}

void remove(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace

TemporaryFolder::TemporaryFolder() : path_(parent_folder() + "/fiberproof-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    error_ = fmt::format(
        "{}: cannot make a temporary folder there: {}; set TMPDIR to a folder that can be written",
        parent_folder(), std::strerror(errno));
    path_.clear();
    return;
  }
  const std::scoped_lock lock(mutex);
  folders.insert(path_);
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  remove(path_);
  const std::scoped_lock lock(mutex);
  folders.erase(path_);
}

void TemporaryFolder::remove_all_there_are() {
  const std::scoped_lock lock(mutex);
  for (const std::string& folder : folders) remove(folder);
}

}  // namespace fiberproof::verify
