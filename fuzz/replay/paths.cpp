#include "fuzz/replay/paths.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace fiberproof::fuzz {
namespace {

bool is_link(const std::string& path) {
  struct ::stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
}

void list(const std::string& directory, Listing& listing) {
  const std::unique_ptr<::DIR, int (*)(::DIR*)> stream(::opendir(directory.c_str()), &::closedir);
  const std::string prefix = directory.ends_with('/') ? directory : directory + '/';
  while (stream != nullptr) {
    errno = 0;
    const ::dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = prefix + std::string(name);
    if (kind_of(path) != PathKind::directory) {
      listing.paths.push_back(path);
    } else if (!is_link(path)) {
      list(path, listing);
    }
  }
  if (errno != 0) {
    listing.error = errno;
  }
}

}  // namespace

PathKind kind_of(const std::string& path) {
  struct ::stat status{};
  if (::stat(path.c_str(), &status) != 0) return PathKind::nothing;
  if (S_ISREG(status.st_mode)) return PathKind::file;
  return S_ISDIR(status.st_mode) ? PathKind::directory : PathKind::other;
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

Listing paths_below(const std::string& directory) {
  Listing listing;
  list(directory, listing);
  std::ranges::sort(listing.paths);
  return listing;
}

}  // namespace fiberproof::fuzz
