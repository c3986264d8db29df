// Uses up the running stack on purpose: the process ends at the guard pages (C8).
#pragma once

#include "fuzz/oracle/end_place.hpp"

namespace fiberproof::fuzz {

/// Announces the end, then calls itself until the process ends: with frames of a few words, or with
/// frames of several pages each. Does not return.
void overflow_stack(const EndPlace& place, bool has_large_frames);

}  // namespace fiberproof::fuzz
