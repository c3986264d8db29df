#include "verify/cli/option_checks.hpp"

#include "verify/cli/suggestion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace fiberproof::verify {

CLI::Validator one_of(std::vector<std::string> words) {
  return CLI::Validator(
      [words](std::string& value) -> std::string {
        if (std::ranges::find(words, value) != words.end()) return {};
        return fmt::format("'{}' is not one of {}{}", value, fmt::join(words, ", "),
                           did_you_mean(value, words));
      },
      "");
}

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  return CLI::Validator(
      [low, high](std::string& value) -> std::string {
        std::uint64_t number = 0;
        const char* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, number);
        if (error == std::errc() && stop == end && number >= low && number <= high) return {};
        return fmt::format("'{}' is not a whole number from {} to {}", value, low, high);
      },
      "");
}

std::expected<std::vector<std::string>, std::string> engine_flags(
    const std::vector<std::string>& words) {
  std::vector<std::string> flags;
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (!word.starts_with('-') || word.starts_with("--") || !word.contains('=')) {
      return std::unexpected(
          fmt::format("fuzz: '{}' behind '--' is no flag of libFuzzer, such as -runs=1000", word));
    }
    constexpr std::array own{"-artifact_prefix",
                             "-exact_artifact_path",
                             "-jobs",
                             "-workers",
                             "-fork",
                             "-merge",
                             "-help",
                             "-dict",
                             "-minimize_crash",
                             "-print_final_stats",
                             "-merge_inner"};
    if (std::ranges::find(own, name) != own.end()) {
      return std::unexpected(fmt::format(
          "fuzz: {} is set by this command; 'fiberproof help fuzz' has an option for it", name));
    }
    flags.push_back(word);
  }
  return flags;
}

}  // namespace fiberproof::verify
