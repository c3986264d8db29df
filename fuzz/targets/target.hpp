// What all fuzz targets share: an input is a Program text or raw bytes for a generator, and a
// finding ends the process with a report. A target file says only which generator.
#pragma once

#include "fuzz/program/program.hpp"
#include "fuzz/run/run.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace fiberproof::fuzz {

using Generator = void(std::span<const std::uint8_t> bytes, Program& program);

/// Makes `input` a program: parses it where it starts with the magic words, else generates. False
/// where it is a text that does not parse.
bool make_program(std::span<const std::uint8_t> input, Generator* generator, Program& program);

/// Once, before the first input. With `-machine_code=1` among the arguments: prints the bytes of
/// this process that the proofs are about as one JSON object, and exits. Where a crash recorder is
/// asked for: makes its file, or exits with status 2; a process that ends in order removes it.
void start_target(int argument_count, char** arguments);

/// Before each execution: puts `input` into the recording, where there is one.
void record_input(std::span<const std::uint8_t> input);

/// True for one input in eight, whatever came before it: what is to be executed twice, so that most
/// of what one execution leaves behind for another is found, and replayed, by a single input.
bool is_run_twice(std::span<const std::uint8_t> input);

/// What a target returns to keep an input out of the engine's corpus: -1 where libFuzzer is linked,
/// which alone knows it, else 0.
int not_kept();

/// Records one input and runs it, or runs it twice. A finding prints its report and aborts. Returns
/// 0, or not_kept() for an input that is no Program, or whose run is as slow as that of a hundred
/// others. Those stay reachable, and are judged as all are.
int run_input(std::span<const std::uint8_t> input, Generator* generator,
              const RunOptions& options = {});

}  // namespace fiberproof::fuzz

// The interface of libFuzzer and of every engine that speaks it; and what a target adds for
// replays.
extern "C" {
int LLVMFuzzerInitialize(int* argument_count, char*** arguments);
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
fiberproof::fuzz::Generator* fiberproof_target_generator();
}
