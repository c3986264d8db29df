// Starts the processes of WebAssembly engines, bounded in time and memory, for fuzz/engine.
#pragma once

#include "fuzz/engine/process.hpp"

#include <string>

namespace fiberproof::verify {

/// A runner whose processes write their output to files in the folder `scratch`. What a process
/// prints beyond 64 MiB ends it.
fuzz::engine::RunEngine engine_runner(const std::string& scratch);

}  // namespace fiberproof::verify
