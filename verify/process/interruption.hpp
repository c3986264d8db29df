// Interruption by Ctrl-C, SIGTERM or SIGHUP: one of them ends whatever the command does, and it
// reports what is known so far. A thread takes the signals, which are blocked in all others, so
// that no system call is interrupted. It ends child processes and calls what main() gave it to end
// the rest, such as queries; loops ask is_interrupted() and stop. A second signal, or ten seconds
// in which the command did not come to its end, ends it at once.
#pragma once

#include <vector>

namespace fiberproof::verify {

inline constexpr int exit_status_interrupted = 130;  ///< as of a shell after Ctrl-C

/// Call it once, before there are other threads. Each of `enders` is called again and again after
/// an interruption, from the thread that takes the signals, as what it ends may just have been
/// about to begin. SIGHUP stays ignored where it was (nohup).
void watch_for_interruption(std::vector<void (*)()> enders);

bool is_interrupted();

/// `status`, or that of an interrupted command.
int exit_status_or_interrupted(int status);

/// Undoes in a child process, before it becomes another program, what this does to signals.
void take_signals_as_usual();

}  // namespace fiberproof::verify
