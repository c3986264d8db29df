// Notes at which execution a target first comes to each shape (fuzz/reference/shapes.hpp).
#pragma once

#include "fuzz/program/program.hpp"

namespace fiberproof::fuzz {

/// The environment variable that asks for it: the name of a file, which is written at exit with a
/// line "EXECUTION SHAPE" for each that was met.
inline constexpr const char* shapes_variable = "FIBERPROOF_SHAPES";

/// Once, before the first input.
void start_noting_shapes();

/// Before each execution.
void note_shapes(const Program& program);

}  // namespace fiberproof::fuzz
