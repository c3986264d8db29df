#include "verify/cli/recordings.hpp"

#include "fuzz/replay/crash_recorder.hpp"

#include <fmt/format.h>
#include <filesystem>
#include <utility>

namespace fiberproof::verify {

namespace filesystem = std::filesystem;

Recordings::Recordings(std::string target, std::string folder)
    : target_(std::move(target)), folder_(std::move(folder)), before_(in_folder()) {}

std::string Recordings::environment() const {
  return std::string(fuzz::recorder_variable) + "=" + path();
}

void Recordings::print_replay(const std::string& replay) const {
  for (const std::string& recording : left()) {
    fmt::print("{}: replay its last inputs with: {} --sequence {}\n", target_, replay, recording);
  }
}

void Recordings::remove() const {
  std::error_code ignored;
  for (const std::string& recording : left()) filesystem::remove(recording, ignored);
}

std::string Recordings::path() const {
  return folder_ + "/" + target_ + "-recording";
}

/// That name, and the same with a process id, where it was taken or several processes ran.
std::set<std::string> Recordings::in_folder() const {
  std::set<std::string> found;
  std::error_code ignored;
  for (const auto& entry : filesystem::directory_iterator(folder_, ignored)) {
    const std::string file = folder_ + "/" + entry.path().filename().string();
    if (file.starts_with(path()) && fuzz::is_recording(file)) found.insert(file);
  }
  return found;
}

std::set<std::string> Recordings::left() const {
  std::set<std::string> files = in_folder();
  std::erase_if(files, [this](const std::string& file) { return before_.contains(file); });
  return files;
}

}  // namespace fiberproof::verify
