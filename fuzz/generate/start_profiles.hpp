// Bytes to Programs of what is laid out and started, for the targets `layout` and `trampoline`.
// Total, so that every engine works on plain bytes: a fixed-width code read from front to back, in
// which a mutation of one byte changes one thing. Missing bytes read as zero. Prefers boundaries.
#pragma once

#include "fuzz/program/program.hpp"

#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

/// Programs of `initialize` steps: stacks around every boundary, counts around what fits them.
void generate_layouts(std::span<const std::uint8_t> bytes, Program& program);

/// Programs of nested starts: mostly 1 to 8 deep, now and then 1,000 and more.
void generate_starts(std::span<const std::uint8_t> bytes, Program& program);

}  // namespace fiberproof::fuzz
