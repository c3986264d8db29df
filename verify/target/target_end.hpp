// How the process of a fuzz target ended, and what is to blame: the target, or the machine that did
// not let it run.
#pragma once

#include "verify/process/process.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace fiberproof::verify {

/// Raises our limits to what a target with sanitizers needs, which it inherits. Where the machine
/// does not grant that: one line that says what is missing and what to do.
std::optional<std::string> raise_limits();

/// Why the machine did not let a process run that was given no input, where it said so.
std::optional<std::string> known_refusal(const ProcessEnd& end,
                                         const std::deque<std::string>& lines);

/// Why such a process did not end in order, in its last words where they are none that are known.
/// Nothing where it did end so.
std::optional<std::string> refusal_before_any_input(const ProcessEnd& end,
                                                    const std::deque<std::string>& lines);

enum class Blame : std::uint8_t {
  none,         ///< it ended in order
  machine,      ///< a limit, a full disk, a signal from elsewhere: it could not run
  target,       ///< an oracle or a sanitizer reported something
  to_be_shown,  ///< the target, where its input shows it again
};

struct TargetEnd {
  Blame blame = Blame::none;
  std::string reason;  ///< of the machine: one line with what to do; else how it died
  /// It was refused memory while it ran an input, which may be the input's fault: where other
  /// inputs are refused it as well, it is the machine's.
  bool is_of_memory = false;
  /// LeakSanitizer could not do its work, since the machine refused it or the target has spoilt its
  /// idea of the stacks: verbose_leak_check() tells which.
  bool is_of_leak_check = false;
};

/// `lines` are the last that it said, without its progress; `has_artifact` where it wrote an input
/// down as it died.
TargetEnd judge_end(const ProcessEnd& end, const std::deque<std::string>& lines, bool has_artifact);

/// "NAME=value" with which LeakSanitizer says why it could not do its work.
std::string verbose_leak_check();

/// Whether it says there that the machine refused it.
bool is_leak_check_refused(const std::deque<std::string>& lines);

/// What to do then, in one line.
std::string leak_check_advice();

/// "NAME=value" with which a target is run: ours first, then what the user's variable has, which
/// wins.
std::vector<std::string> sanitizer_environment();

}  // namespace fiberproof::verify
