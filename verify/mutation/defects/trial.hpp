// One search of a fuzz target for a defect: from an empty corpus, with a seed, for so many
// executions. Time plays no part, so that a trial says the same on a slow machine.
#pragma once

#include "verify/mutation/defects/defect.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace fiberproof::verify {

/// The error of whatever Ctrl-C ended.
inline constexpr std::string_view interrupted = "interrupted";

struct TrialOptions {
  std::string program;  ///< the target's fuzzer
  std::string folder;   ///< for what it finds and what it said then; is made
  unsigned seed = 1;    ///< not 0
  std::uint64_t executions_max = 1'000'000;
};

/// Whether a fresh process crashes, too.
enum class Replays : std::uint8_t {
  no,
  alone,        ///< of the input alone
  in_sequence,  ///< of the last inputs, in their order (fuzz/replay/recording.hpp)
  by_seed,      ///< of the whole search, as what it needs is older than those
};
std::string_view name_of(Replays replays);

struct Trial {
  std::uint64_t executions = 0;  ///< until it was found, or all of them
  bool found = false;
  std::string kind;      ///< of the crash: "C5 violated", a sanitizer's summary, or how it died
  std::string artefact;  ///< the input
  Replays replays = Replays::no;
};

/// The error says why the target could not be run.
std::expected<Trial, std::string> run_trial(const TrialOptions& options);

/// Whether a crash of this kind is what an oracle must end with.
bool is_seen_by(const Oracle& oracle, const std::string& kind);

}  // namespace fiberproof::verify
