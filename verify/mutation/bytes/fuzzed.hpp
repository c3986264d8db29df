// Mutants in a fuzz target: a copy of its program with the bytes of one mutant in place of the
// routine's, run from an empty corpus. An oracle of fuzz/ or a sanitizer kills it there, and those
// know nothing of contracts.
#pragma once

#include "verify/mutation/bytes/judge.hpp"
#include "verify/mutation/listed_reasons.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// How one mutant ended.
struct FuzzedMutant {
  enum class End : std::uint8_t {
    killed,
    survived,
    not_tried,    ///< left out by `period`
    does_not_fit  ///< has more bytes than the routine, and other routines follow
  };
  End end = End::survived;
  std::string target = {};  ///< that killed it
  std::string kind = {};    ///< of its crash: "T2 violated", a sanitizer's summary, or how it died
};

struct MutantFuzzOptions {
  std::vector<std::string> programs;  ///< fuzz targets, tried in this order
  std::uint64_t executions = 20'000;  ///< of each, at most
  unsigned jobs = 1;                  ///< processes at once
  std::size_t period = 1;             ///< every Nth mutant
};

/// Runs every mutant of that routine, in the order of mutations(). The error is one line: a program
/// lacks the routine or cannot be run, or the unchanged routine is killed.
[[nodiscard]] std::expected<std::vector<FuzzedMutant>, std::string> fuzz_mutants(
    ProbedRoutine routine, std::span<const Contract> contracts, const MutantFuzzOptions& options);

/// Each difference of proofs and fuzz targets on a line: refuted and not killed, unless listed as
/// "ROUTINE: CHANGE"; or killed and not refuted; and what is listed of this routine and names no
/// mutant.
std::vector<std::string> differences(const std::string& routine,
                                     std::span<const JudgedMutant> judged,
                                     std::span<const FuzzedMutant> fuzzed,
                                     const ListedReasons& listed);

/// One line: how many of the refuted mutants each target kills.
std::string fuzzed_summary(std::span<const JudgedMutant> judged,
                           std::span<const FuzzedMutant> fuzzed);

}  // namespace fiberproof::verify
