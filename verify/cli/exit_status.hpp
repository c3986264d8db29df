// The command's exit status.
#pragma once

namespace fiberproof::verify {

enum class ExitStatus {
  ok = 0,             ///< all proved and nothing found
  failed = 1,         ///< refuted, crashed, or not as recorded
  could_not_run = 2,  ///< bad input, an unknown verdict, a missing part
};

/// The worse of two outcomes: a run that could not finish hides more than one that failed.
constexpr ExitStatus worse(ExitStatus a, ExitStatus b) {
  return a < b ? b : a;
}

/// For a run that has refuted something: that stands, even if something else was undecided.
constexpr ExitStatus status_of_proofs(bool any_refuted, ExitStatus rest) {
  return any_refuted ? ExitStatus::failed : rest;
}

}  // namespace fiberproof::verify
