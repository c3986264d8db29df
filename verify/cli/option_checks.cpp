#include "verify/cli/option_checks.hpp"

#include "verify/cli/suggestion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
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

}  // namespace fiberproof::verify
