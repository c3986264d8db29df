#include "verify/cli/complaint.hpp"

#include <fmt/format.h>
#include <cstdio>
#include <mutex>
#include <system_error>

namespace fiberproof::verify {
namespace {

constexpr std::string_view beginning = "fiberproof: ";

std::vector<std::string>& kept() {
  static std::vector<std::string> lines;
  return lines;
}

}  // namespace

void complain(std::string_view line) {
  static std::mutex mutex;
  const std::scoped_lock lock(mutex);
  if (line.starts_with(beginning)) line.remove_prefix(beginning.size());
  kept().emplace_back(line);
  std::fflush(stdout);
  const std::string text = fmt::format("{}{}\n", beginning, line);
  std::fwrite(text.data(), 1, text.size(), stderr);  // A closed standard error ends nothing.
}

const std::vector<std::string>& complaints() {
  return kept();
}

std::string message(const std::exception& error) {
  const auto* const system = dynamic_cast<const std::system_error*>(&error);
  if (system == nullptr || std::ferror(stdout) == 0) return error.what();
  return "standard output: " + system->code().message();
}

}  // namespace fiberproof::verify
