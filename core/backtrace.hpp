// The walk as text for people: each frame with its function, source file and line.
//
//   continuation 2, running:
//     #0 parse_digit(int) at /src/parse.cpp:31
//     #1 fiberproof_fiber_start at /src/core/fiber_start.cpp:53
//     #2 fiberproof_continuation_start
//   the initial stack, parent:
//     #3 fiberproof::resume(…) at /src/core/continuation_inline.hpp:190, inlined into
//        main at /src/parse.cpp:60
//
// Symbols and lines come from the modules' own tables through elfutils' libdw, so that static
// functions have names even in programs that export none. An unknown address is shown as module and
// offset.
//
// The look-up needs more stack than a continuation has, and so runs on a thread of its own. It
// takes milliseconds and allocates: do not call it from signal handlers or for every fuzz input.
#pragma once

#include "core/store.hpp"
#include "core/walk.hpp"

#include <string>

namespace fiberproof {

/// The active chain of the store, from the caller to the frame that made the entry. Each frame has
/// a line, each stack a line before its frames. If the walk could not continue, the last line says
/// why.
std::string backtrace(const Store& store);

/// The same of a suspended or fresh chain.
std::string backtrace(const Store& store, Handle handle);

/// The same of all chains of this thread, as walk_thread has them.
std::string thread_backtrace();

}  // namespace fiberproof
