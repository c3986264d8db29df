// Ctrl-C, SIGTERM and SIGHUP: one of them ends whatever the command does, with what is known so far
// told. A thread takes the signals, which are blocked in all others, so that no system call is
// interrupted. It ends queries and child processes; loops ask is_interrupted() and stop. A second
// signal, or ten seconds in which the command did not come to its end, ends it at once.
#pragma once

namespace fiberproof::verify {

inline constexpr int exit_status_interrupted = 130;  ///< as of a shell after Ctrl-C

/// To be called once, before there are other threads. SIGHUP stays ignored where it was (nohup).
void watch_for_interruption();

bool is_interrupted();

/// `status`, or that of an interrupted command.
int exit_status_or_interrupted(int status);

/// To be called in a child process before it becomes another program: takes signals as usual.
void take_signals_as_usual();

}  // namespace fiberproof::verify
