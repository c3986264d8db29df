// Bytes to Program: total, so that every fuzzing engine works on plain bytes. A fixed-width byte
// code read from front to back: each operation has its place, so a mutation of one byte changes one
// thing, and bytes that are missing read as zero. Leans towards boundaries.
#pragma once

#include "fuzz/start/program.hpp"

#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

/// Programs of `initialize` steps: stacks around every boundary, counts around what fits them.
void generate_layout_program(std::span<const std::uint8_t> bytes, Program& program);

/// Programs of nested resumes: mostly 1 to 8 deep, now and then 1,000 and more.
void generate_trampoline_program(std::span<const std::uint8_t> bytes, Program& program);

}  // namespace fiberproof::fuzz
