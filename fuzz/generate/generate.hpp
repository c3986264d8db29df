// Decodes bytes to Programs and encodes them, for fuzzers that know nothing of the language;
// and mutates and crosses programs, for libFuzzer's custom mutator.
#pragma once

#include "fuzz/program/program.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

/// The most bytes that encode() makes.
inline constexpr std::size_t program_bytes_max = 1024;

/// Total: every byte string is a program, a missing byte is 0, and extra bytes are ignored.
/// Small numbers are the most likely, steps have fixed places, so that a change of a byte changes
/// one thing.
void generate_program(std::span<const std::uint8_t> bytes, Program& program);

/// Writes bytes that generate_program makes `program` of, and returns how many: `expect` and what
/// is for engines left out, a walk in the place of what ends the process, and what the code has no
/// room for (byte_code.hpp). On input `bytes` has room for program_bytes_max.
std::size_t encode(const Program& program, std::span<std::uint8_t> bytes);

/// Changes `program` in one or a few places, which `seed` decides. The result can be printed and
/// parsed. Prefers arities and stack sizes at their limits, one tag in nested handlers,
/// forwarding through several stacks, handles that were used before, chains that get another
/// parent, chains of switches, abandoned ones.
void mutate(Program& program, std::uint32_t seed);

/// Makes `child` of parts of both, which `seed` decides.
void cross_over(const Program& first, const Program& second, Program& child, std::uint32_t seed);

}  // namespace fiberproof::fuzz
