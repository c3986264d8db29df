// A run in a child process that the program may end: what faults there is core's to report, and
// nobody else's.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/run/run.hpp"

#include <cstddef>

namespace fiberproof::fuzz {

/// What such a process may write to one file: one that reports without an end is killed by SIGXFSZ.
inline constexpr std::size_t said_bytes_max = 1024 * 1024;

/// In the process that runs such programs, or in one that forks it: no handler of an engine or of a
/// sanitizer sees a fault, the initial stack is small, no core file is written, and what it says
/// has an end. False if the system refuses the handler of core.
[[nodiscard]] bool leave_faults_to_core();

/// Runs `program` once: one program in four, as its number of steps says, on a second thread, whose
/// initial and alternate stacks are its own.
Outcome run_on_its_thread(const Program& program, FindingHandler* handler);

}  // namespace fiberproof::fuzz
