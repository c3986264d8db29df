// The generator's profile for programs that end the process, and what makes one of any program.
// Their bytes are those of generate_program, but some codes of a step stand for steps that end the
// process.
#pragma once

#include "fuzz/generate/random.hpp"
#include "fuzz/program/program.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

/// Total, as generate_program. Steps that end the process are added if the program would live on;
/// a few programs have no way to end it, and live on. `expect` is what the reference predicts.
void generate_ends(std::span<const std::uint8_t> bytes, Program& program);

/// Writes bytes that generate_ends makes `program` of, and returns how many. On input `bytes` has
/// room for program_bytes_max.
std::size_t encode_ends(const Program& program, std::span<std::uint8_t> bytes);

/// Has `program` end the process in a way that `random` chooses, also if it did so before.
void end_process(Program& program, Random& random);

}  // namespace fiberproof::fuzz
