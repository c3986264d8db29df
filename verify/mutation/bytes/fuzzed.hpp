// Mutants in a fuzz target: a copy of its program with the bytes of one mutant in place of the
// routine's, run from an empty corpus. What kills it there is an oracle of fuzz/ or a sanitizer,
// which know nothing of contracts.
#pragma once

#include "verify/mutation/bytes/judge.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fiberproof::verify {

/// How one mutant ended.
struct FuzzedMutant {
  enum class End : std::uint8_t {
    killed,
    survived,
    not_tried,    ///< one of those between
    does_not_fit  ///< has more bytes than the routine, which has others behind it
  };
  End end = End::survived;
  std::string target = {};  ///< that killed it
  std::string kind = {};    ///< of its crash: "T2 violated", a sanitizer's summary, or how it died
};

struct MutantFuzzOptions {
  std::vector<std::string> programs;  ///< fuzz targets, tried in this order
  std::uint64_t executions = 20'000;  ///< of each, at most
  unsigned jobs = 1;                  ///< processes at once
  std::size_t period = 1;             ///< one mutant in so many
};

/// Every mutant of that routine, in the order of mutations(). An error, one clear line, where a
/// program lacks the routine or cannot be run, or where the unchanged routine is killed.
std::expected<std::vector<FuzzedMutant>, std::string> fuzz_mutants(
    ProbedRoutine routine, std::span<const Contract> contracts, const MutantFuzzOptions& options);

/// A mutant that is known to survive, though a contract refutes it.
struct Survivor {
  std::string routine;
  std::string change;  ///< the mutant's description
  std::string reason;
};

/// `ROUTINE: CHANGE: REASON`, one a line; `#` begins a comment. The error is one line with the
/// place.
std::expected<std::vector<Survivor>, std::string> parse_survivors(std::string_view text,
                                                                  std::string_view path);

/// Where proofs and fuzz targets differ: refuted and not killed, unless it is listed, or killed and
/// not refuted; and what is listed of this routine and names no mutant. One line each.
std::vector<std::string> differences(const std::string& routine,
                                     std::span<const JudgedMutant> judged,
                                     std::span<const FuzzedMutant> fuzzed,
                                     std::span<const Survivor> listed);

/// One line: how many of the refuted mutants each target kills.
std::string fuzzed_summary(std::span<const JudgedMutant> judged,
                           std::span<const FuzzedMutant> fuzzed);

}  // namespace fiberproof::verify
