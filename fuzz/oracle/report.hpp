// What a violation leads to: a report that names the rule, the step, both values and the Program,
// and the line that replays it. Printed from a stack of its own, since the running one may be a
// continuation's, small, full or broken.
#pragma once

#include "fuzz/oracle/oracle.hpp"

#include <cstdint>
#include <string>

namespace fiberproof::fuzz {

/// Something with a text, which is made only when somebody wants it.
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

std::string report_text(const Finding& finding);

/// Calls `handler` on a stack of its own. Does not come back.
[[noreturn]] void hand_over(FindingHandler* handler, const Finding& finding);

/// A handler for fuzz targets: prints the report to standard error and aborts.
void report_and_abort(const Finding& finding);

/// Where the environment variable FIBERPROOF_ORACLE_COUNTS names a file: at exit, writes there how
/// often each oracle was asked, as one JSON object.
void write_oracle_counts_at_exit();

}  // namespace fiberproof::fuzz
