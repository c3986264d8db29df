// What lies in the file system, asked of libc itself: std::filesystem is part of the C++ runtime,
// where MemorySanitizer does not see what is written, and the replayers are run under it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz {

enum class PathKind { nothing, file, directory, other };

/// What `path` names, through symbolic links.
PathKind kind_of(const std::string& path);

/// What follows the last slash.
std::string_view name_of(std::string_view path);

struct Listing {
  std::vector<std::string> paths;  ///< sorted
  int error = 0;  ///< errno of a directory that could not be listed in full, else 0
};

/// All that lies below `directory`, at any depth, and is no directory itself. Symbolic links to
/// directories are not followed.
Listing paths_below(const std::string& directory);

}  // namespace fiberproof::fuzz
