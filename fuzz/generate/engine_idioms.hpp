// Runs of steps in which engines are most likely to be wrong. Each may begin on any stack, makes
// the continuations that it needs, and leaves the program on whatever stack runs then.
#pragma once

#include "fuzz/generate/engine_steps.hpp"

namespace fiberproof::fuzz::engine_idioms {

/// A chain of switches below one resume, in a loop at times.
void switches(EngineSteps& steps);
/// Values bound ahead, in one or more parts, of a fresh or a suspended continuation.
void binds(EngineSteps& steps);
/// Exceptions that cross continuations, that are thrown into them, and that are thrown again.
void exceptions(EngineSteps& steps);
/// Loops: suspensions, continuations that end or wait forever, nested ones, up to `count` times.
void repeats(EngineSteps& steps, std::size_t count);
/// Nested continuations, of which a suspension, an exception or returns leave some or all.
void nested(EngineSteps& steps, std::size_t depth);
/// A continuation of `function`, which has long lists, part of them bound.
void many_values(EngineSteps& steps, std::uint8_t function);
/// A collection while chains wait that have values.
void collects(EngineSteps& steps);

}  // namespace fiberproof::fuzz::engine_idioms
