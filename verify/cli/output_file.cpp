#include "verify/cli/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace fiberproof::verify {
namespace {

namespace filesystem = std::filesystem;

std::unexpected<std::string> refused(const std::string& path, int error) {
  return std::unexpected(fmt::format("{}: {}", path, std::strerror(error)));
}

// The target of a chain of symbolic links, even if nothing exists there yet.
std::string behind_links(const std::string& path) {
  constexpr int links_max = 40;  // as many as the kernel follows
  filesystem::path at(path);
  std::error_code error;
  for (int link = 0; link < links_max && filesystem::is_symlink(at, error); ++link) {
    at = at.parent_path() / filesystem::read_symlink(at, error);
  }
  return at.string();
}

std::string folder_of(const std::string& path) {
  const std::string folder = filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string temporary_beside(const std::string& path) {
  return fmt::format("{}/.fiberproof-{}.tmp", folder_of(path), ::getpid());
}

constexpr int new_file = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
constexpr mode_t any_mode = 0666;  // less the umask

// 0, or the error that prevents a new file beside `path`.
int error_of_new_file(const std::string& path) {
  const std::string trial = temporary_beside(path);
  const int descriptor = ::open(trial.c_str(), new_file, any_mode);
  if (descriptor < 0) return errno;
  ::close(descriptor);
  ::unlink(trial.c_str());
  return 0;
}

// Writes everything, closes, and returns 0 or the error.
int write_all(int descriptor, std::string_view text) {
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error = errno;
    } else {
      text.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  if (::close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

std::expected<OutputFile, std::string> OutputFile::prepare(const std::string& path) {
  if (path.empty()) return std::unexpected("'' is not a file name");
  OutputFile file;
  file.given_ = path;
  file.path_ = behind_links(path);
  struct stat status{};
  const bool exists = ::stat(file.path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return refused(path, EISDIR);
  if (exists && ::access(file.path_.c_str(), W_OK) != 0) return refused(path, errno);
  if (exists && !S_ISREG(status.st_mode)) {
    file.in_place_ = true;
    return file;
  }
  const int error = error_of_new_file(file.path_);
  if (error != 0 && !exists) return refused(path, error);
  file.in_place_ = error != 0;
  return file;
}

std::expected<void, std::string> OutputFile::write(std::string_view text) const {
  if (in_place_) {
    const int descriptor = ::open(path_.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
    if (descriptor < 0) return refused(given_, errno);
    const int error = write_all(descriptor, text);
    if (error != 0) return refused(given_, error);
    return {};
  }
  const std::string temporary = temporary_beside(path_);
  const int descriptor = ::open(temporary.c_str(), new_file, any_mode);
  if (descriptor < 0) return refused(given_, errno);
  struct stat before{};
  if (::stat(path_.c_str(), &before) == 0) ::fchmod(descriptor, before.st_mode & 07777);
  int error = write_all(descriptor, text);
  if (error == 0 && ::rename(temporary.c_str(), path_.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(temporary.c_str());
  return refused(given_, error);
}

std::optional<std::string> why_no_folder(const std::string& path) {
  if (path.empty()) return "'' is not a folder name";
  std::error_code ignored;
  filesystem::path at = filesystem::absolute(path, ignored);
  while (!filesystem::exists(at, ignored) && at.has_parent_path() && at != at.parent_path()) {
    at = at.parent_path();
  }
  if (!filesystem::is_directory(at, ignored)) {
    return fmt::format("{}: {} is not a folder", path, at.string());
  }
  const int error = error_of_new_file((at / "file").string());
  if (error == 0) return std::nullopt;
  return fmt::format("{}: {}", path, std::strerror(error));
}

}  // namespace fiberproof::verify
