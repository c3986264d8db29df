// Judges how the process of a fuzz target ended, and who is to blame: the target, or the system
// that did not let it run.
#pragma once

#include "verify/process/process.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Raises our limits, which targets inherit, to what a target with sanitizers needs. If the system
/// refuses: one line with what is missing and the next step.
std::optional<std::string> raise_limits();

/// Why the system did not let a process run that had no input, if it said so.
std::optional<std::string> known_refusal(const ProcessEnd& end,
                                         const std::deque<std::string>& lines);

/// Why such a process did not end normally, in its last words if those are not known ones. Nothing
/// if it did.
std::optional<std::string> refusal_before_any_input(const ProcessEnd& end,
                                                    const std::deque<std::string>& lines);

enum class Blame : std::uint8_t {
  none,         ///< it ended normally
  system,       ///< a limit, a full disk, a signal from elsewhere: it could not run
  target,       ///< an oracle or a sanitizer reported something
  to_be_shown,  ///< the target, if its input shows it again
};

struct TargetEnd {
  Blame blame = Blame::none;
  std::string reason;  ///< of the system: one line with the next step; else how it died
  /// It ran out of memory on an input. The input may be the cause; if other inputs fail as well,
  /// the system is.
  bool is_of_memory = false;
  /// LeakSanitizer failed, because the system refused it a thread or the target has corrupted its
  /// view of the stacks: verbose_leak_check() tells which.
  bool is_of_leak_check = false;
};

/// `lines` are its last lines, without progress; `has_artifact` if it saved an input as it died.
TargetEnd judge_end(const ProcessEnd& end, const std::deque<std::string>& lines, bool has_artifact);

/// "NAME=value" that makes LeakSanitizer print why it failed.
std::string verbose_leak_check();

/// Whether those lines say that the system refused it.
bool is_leak_check_refused(const std::deque<std::string>& lines);

/// The next step then, in one line.
std::string leak_check_advice();

/// "NAME=value" for the environment of a target: our options first, then the user's, which win.
std::vector<std::string> sanitizer_environment();

}  // namespace fiberproof::verify
