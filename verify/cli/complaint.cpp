#include "verify/cli/complaint.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <mutex>
#include <system_error>

namespace fiberproof::verify {
namespace {

constexpr std::string_view beginning = "fiberproof: ";
constexpr std::string_view of_output = "standard output: ";

std::vector<std::string>& kept() {
  static std::vector<std::string> lines;
  return lines;
}

// The first error of standard output; errno may be overwritten by a later call.
int& output_error() {
  static int error = 0;
  return error;
}

bool try_flush() {
  if (std::fflush(stdout) == 0) return true;
  if (output_error() == 0) output_error() = errno;
  return false;
}

}  // namespace

void complain(std::string_view line) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  if (line.starts_with(beginning)) line.remove_prefix(beginning.size());
  kept().emplace_back(line);
  try_flush();
  const std::string text = fmt::format("{}{}\n", beginning, line);
  std::fwrite(text.data(), 1, text.size(), stderr);  // A closed standard error ends nothing.
}

const std::vector<std::string>& complaints() {
  return kept();
}

void flush() {
  if (!try_flush()) throw std::system_error(output_error(), std::generic_category());
}

bool took_all_output() {
  if (try_flush() && std::ferror(stdout) == 0) return true;
  const bool was_told = std::ranges::any_of(
      kept(), [](const std::string& line) { return line.starts_with(of_output); });
  const int error = output_error();
  if (!was_told) {
    complain(std::string(of_output) +
             (error == 0 ? "cannot be written" : std::generic_category().message(error)));
  }
  return false;
}

std::string message(const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  if (system == nullptr || std::ferror(stdout) == 0) return error.what();
  return std::string(of_output) + system->code().message();
}

}  // namespace fiberproof::verify
