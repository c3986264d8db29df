// Makes a program that shows something as short and plain as it can be made by small changes, each
// of which leaves it showing the same: delta debugging on the structure of the language.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/replay/replay.hpp"

#include <cstddef>
#include <functional>

namespace fiberproof::fuzz {

/// Whether a program still shows what is being minimised.
using StillShows = std::function<bool(const Program& program)>;

inline constexpr unsigned minimize_attempts_max = 5000;

struct Minimized {
  unsigned attempts = 0;  ///< programs that were asked about
  bool complete = false;  ///< no further change helps; false where the attempts were used up
};

/// On input `program` shows it. On output it still does; and where that is complete, no step of it
/// can be left out, and no number in it be brought nearer to the plain one.
Minimized minimize(Program& program, const StillShows& still_shows,
                   unsigned attempts_max = minimize_attempts_max);

/// Whether two programs ended in the same way: the same rule was violated, or the processes died
/// of the same.
bool is_same_ending(const Ending& one, const Ending& other);

}  // namespace fiberproof::fuzz
