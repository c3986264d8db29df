// What all fuzz targets share: an input is a Program text or raw bytes for a generator, and a
// finding ends the process with a report. A target file says only which generator.
#pragma once

#include "fuzz/program.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

using Generator = void(std::span<const std::uint8_t> bytes, Program& program);

/// Makes `input` a Program: parses it where it starts with the magic words, else generates. False
/// where it is a text that does not parse.
bool make_program(std::span<const std::uint8_t> input, Generator* generator, Program& program);

/// Once, before the first input. With `-machine_code=1` among the arguments: prints the bytes of
/// this process that the proofs are about as one JSON object, and exits.
void start_target(int argument_count, char** arguments);

/// Runs one input. A finding prints its report and aborts. The result is what the engine wants to
/// hear: 0, or -1 for an input that is not to be kept and bred from, since it is no Program or one
/// whose run costs as much as a hundred others. Those stay reachable, and are judged as all are.
int run_input(std::span<const std::uint8_t> input, Generator* generator);

}  // namespace fiberproof::fuzz

// The interface of libFuzzer and of every engine that speaks it; and what a target adds for
// replays.
extern "C" {
int LLVMFuzzerInitialize(int* argument_count, char*** arguments);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
fiberproof::fuzz::Generator* fiberproof_target_generator();
}
