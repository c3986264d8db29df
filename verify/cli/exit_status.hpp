// What the command tells its caller.
#pragma once

namespace fiberproof::verify {

enum class ExitStatus {
  ok = 0,             ///< all proved and nothing found
  failed = 1,         ///< refuted, crashed, or not as recorded
  could_not_run = 2,  ///< bad input, an unknown verdict, a missing part
};

/// The worse of two outcomes: what could not run hides more than what failed.
constexpr ExitStatus worse(ExitStatus a, ExitStatus b) {
  return a < b ? b : a;
}

}  // namespace fiberproof::verify
