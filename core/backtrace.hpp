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
// Symbols and lines come from the modules' own tables by way of elfutils' libdw, so that static
// functions have names, too, in programs that export none. Where nothing is known of an address,
// the line has the module and the offset in it.
//
// Looking them up takes more stack than a continuation has, and so happens on a thread of its own.
// It takes milliseconds, and allocates: not for signal handlers, nor for every fuzz input.
#pragma once

#include "core/store.hpp"
#include "core/walk.hpp"

#include <string>

namespace fiberproof {

/// The active chain of the store, from the caller to the frame that made the entry. Each frame has
/// a line, each stack a line before its frames. Where the walk could not go on, the last line says
/// why.
std::string backtrace(const Store& store);

/// The same of a suspended or fresh chain.
std::string backtrace(const Store& store, Handle handle);

/// The same of all chains of this thread, as walk_thread has them.
std::string thread_backtrace();

}  // namespace fiberproof
