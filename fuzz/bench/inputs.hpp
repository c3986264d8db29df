// What the benchmark runs: for each case a target and a few fixed inputs, so that two builds, or
// two commits, do the same work.
#pragma once

#include "fuzz/targets/target.hpp"

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::fuzz {

using Bytes = std::vector<std::uint8_t>;

struct BenchCase {
  Generator* generator = nullptr;  ///< null where nothing is run
  RunOptions options;
  std::vector<Bytes> inputs;  ///< handed out in turn
};

/// The case `name`, of the programs below `paths` where it runs those. Each input was checked to
/// stand for the wanted program. The error is one line.
[[nodiscard]] std::expected<BenchCase, std::string> make_bench_case(
    std::string_view name, std::span<const std::string> paths);

}  // namespace fiberproof::fuzz
