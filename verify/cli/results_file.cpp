#include "verify/cli/results_file.hpp"

#include "verify/cli/complaint.hpp"
#include "verify/cli/version.hpp"
#include "verify/process/interruption.hpp"
#include "verify/report/result_items.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

namespace fiberproof::verify {
namespace {

std::expected<void, std::string> write_to(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return std::unexpected(fmt::format("standard output: {}", std::strerror(errno)));
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

ResultsFile::ResultsFile(ResultsFile&& other) noexcept
    : file_(std::move(other.file_)), standard_output_(std::exchange(other.standard_output_, -1)) {}

ResultsFile& ResultsFile::operator=(ResultsFile&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(standard_output_, other.standard_output_);
  return *this;
}

ResultsFile::~ResultsFile() {
  if (standard_output_ >= 0) ::close(standard_output_);
}

std::expected<ResultsFile, std::string> ResultsFile::prepare(const std::string& path) {
  ResultsFile results;
  if (path != "-") {
    auto file = OutputFile::prepare(path);
    if (!file) return std::unexpected(file.error());
    results.file_ = std::move(*file);
    return results;
  }
  constexpr int first_free = 3;
  results.standard_output_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, first_free);
  if (results.standard_output_ < 0 || ::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    return std::unexpected(fmt::format("-: {}", std::strerror(errno)));
  }
  return results;
}

std::expected<void, std::string> ResultsFile::write(nlohmann::json results,
                                                    const std::string& command,
                                                    ExitStatus status) const {
  if (!file_ && standard_output_ < 0) return {};
  if (!results.is_object()) results = nlohmann::json::object();
  results["results_version"] = results_version;
  results["version"] = version();
  if (!commit().empty()) results["commit"] = commit();
  results["command"] = command;
  results["status"] = is_interrupted() ? "interrupted" : name_of(status);
  results["exit_status"] = exit_status_or_interrupted(static_cast<int>(status));
  if (is_interrupted()) results["interrupted"] = true;
  results["errors"] = complaints();
  // A path or a line of another program need not be UTF-8.
  const std::string text =
      results.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  return file_ ? file_->write(text) : write_to(standard_output_, text);
}

std::string name_of(ExitStatus status) {
  switch (status) {
    case ExitStatus::ok: return "ok";
    case ExitStatus::failed: return "failed";
    case ExitStatus::could_not_run: break;
  }
  return "could_not_run";
}

}  // namespace fiberproof::verify
