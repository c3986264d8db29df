// What the crash recorder of a fuzz target leaves behind (fuzz/replay/crash_recorder.hpp), beside
// the artefacts: the last inputs of a process that died.
#pragma once

#include <set>
#include <string>

namespace fiberproof::verify {

/// Those of one campaign. Recordings that were there before are another's, and stay.
class Recordings {
 public:
  Recordings(std::string target, std::string folder);

  /// "NAME=value", which switches the recorder on.
  std::string environment() const;

  /// A crash may have left nothing else, or need what earlier inputs left behind.
  void print_replay(const std::string& replay) const;

  void remove() const;

 private:
  std::string path() const;
  std::set<std::string> in_folder() const;
  std::set<std::string> left() const;

  std::string target_;
  std::string folder_;
  std::set<std::string> before_;
};

}  // namespace fiberproof::verify
