// The report of a violation: the rule, both values, the step, the program, and the line that
// replays it. Printed from a stack of its own, since the running one may be a continuation's,
// small, full or broken.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <cstdint>
#include <string>

namespace fiberproof::fuzz {

/// An object whose text is made only when it is wanted.
struct Printable {
  const void* object;
  std::string (*text)(const void* object);

  template <class T>
  static Printable of(const T& printed) {
    return {&printed, [](const void* object) { return print(*static_cast<const T*>(object)); }};
  }
};

/// A violation and where in a run it was seen.
struct Finding {
  Violation violation;
  Printable program;
  Printable step;        ///< the step that was running
  std::uint64_t number;  ///< of that step, in the order of execution, from 1
  std::uint32_t depth;   ///< of nesting; 0 on the initial stack
};

/// Takes a finding and does not return.
using FindingHandler = void(const Finding& finding);

/// The violation in one sentence with both values, by name where they stand for outcomes.
std::string sentence_of(const Violation& violation);

std::string report_text(const Finding& finding);

/// Calls `handler` on a stack of its own. Does not return.
[[noreturn]] void hand_over(FindingHandler* handler, const Finding& finding);

/// A handler for fuzz targets: prints the report to standard error and aborts.
void report_and_abort(const Finding& finding);

/// If the environment variable FIBERPROOF_ORACLE_COUNTS names a file, writes there at exit how
/// often each oracle was asked, as one JSON object.
void write_oracle_counts_at_exit();

}  // namespace fiberproof::fuzz
