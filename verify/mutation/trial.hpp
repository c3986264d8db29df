// One search of a fuzz target: from an empty corpus, with a seed, for a number of executions. Time
// plays no part, so that a trial says the same on a slow machine.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::verify {

struct TrialOptions {
  std::string program;  ///< the target's fuzzer
  std::string folder;   ///< for what it finds and what it said then; made where it is missing
  unsigned seed = 1;    ///< not 0
  std::uint64_t executions_max = 1'000'000;
};

/// Whether a fresh process crashes as well, and on what.
enum class Replays : std::uint8_t {
  no,
  alone,        ///< on the input alone
  in_sequence,  ///< on the last inputs, in their order (fuzz/replay/recording.hpp)
  by_seed,      ///< in the whole search again, as it needs older inputs
};
std::string_view name_of(Replays replays);

struct Trial {
  std::uint64_t executions = 0;  ///< until it was found, or all of them
  bool found = false;
  /// How it ended: "C5 violated", a sanitizer's summary, "SUMMARY: libFuzzer: deadly signal
  /// SIGILL", or "SIGSEGV without a report".
  std::string kind;
  std::string artefact;  ///< the input; of a death that left none, the last one on record
  Replays replays = Replays::no;
};

/// The error says why the target could not be run.
[[nodiscard]] std::expected<Trial, std::string> run_trial(const TrialOptions& options);

}  // namespace fiberproof::verify
