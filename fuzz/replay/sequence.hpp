// Inputs that are run one after another in one process, since a crash may need what an earlier one
// left behind; and the fewest of them that still crash in the same way.
#pragma once

#include "fuzz/replay/input_files.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::fuzz {

/// What runs an input: LLVMFuzzerTestOneInput.
using Execute = int(const std::uint8_t* data, std::size_t size);

struct Crash {
  std::size_t input;   ///< the one that was running, counted from 0
  std::string how;     ///< the rule violated, else the sanitizer's summary, else the signal
  std::string report;  ///< what went to standard error
};

/// Runs `inputs` in this order in one child process. Nothing where it survived them all; the error
/// says why there was no child.
[[nodiscard]] std::expected<std::optional<Crash>, std::string> run_sequence(
    std::span<const Input* const> inputs, Execute* execute, unsigned seconds_max);

struct ShortestSequence {
  std::vector<const Input*> inputs;  ///< in their order; none can be left out
  Crash crash;                       ///< of these alone
  std::size_t attempts;              ///< child processes
};

/// `inputs` crash as `crash` tells. Leaves out, each time in a child process of its own, what is
/// not needed for a crash of the same kind (delta debugging: Zeller and Hildebrandt, 2002).
[[nodiscard]] std::expected<ShortestSequence, std::string> shorten(
    std::span<const Input* const> inputs, Crash crash, Execute* execute, unsigned seconds_max);

}  // namespace fiberproof::fuzz
