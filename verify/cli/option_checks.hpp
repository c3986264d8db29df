// Checks of options' values, each with an error that says what is allowed.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace fiberproof::verify {

inline constexpr std::uint64_t executions_most = std::uint64_t{1} << 40;

/// One of a few words; an error lists them, the help's margin does not.
CLI::Validator one_of(std::vector<std::string> words);

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high);

/// The flags for libFuzzer behind `--` of `fuzz`. An error is one line: no flag of it, or one that
/// the command sets itself.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> engine_flags(
    const std::vector<std::string>& words);

}  // namespace fiberproof::verify
