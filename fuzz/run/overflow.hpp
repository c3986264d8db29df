// Uses up the running stack on purpose, for a replay: the process ends at the guard page (C8).
#pragma once

#include <cstdint>

namespace fiberproof::fuzz {

/// Says first whose stack it is, for the replay to compare with what is reported: `id` is the
/// continuation's, which is `depth` deep in its chain. Does not come back.
void overflow_stack(std::uint64_t id, std::uint32_t depth);

}  // namespace fiberproof::fuzz
